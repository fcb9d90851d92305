"""What `caseback look` leaves beside directions, labels and circuits: each file by its name, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caseback.disclosure.depth_page import render_depth
from caseback.disclosure.difference_page import render_difference
from caseback.disclosure.directions_page import render_steering
from caseback.disclosure.inside_pages import render_account, render_introspection, render_screening
from caseback.disclosure.investigation_page import render_investigation
from caseback.disclosure.patching_page import render_patching
from caseback.disclosure.pretending_page import render_pretending


@dataclass(frozen=True)
class Look:
    """What such a file tells, and what draws it as it is disclosed."""

    says: str
    render: Callable[[Any], str]


LOOKS = {
    "depth": Look("How deep training went", render_depth),
    "difference": Look("What training changed inside", render_difference),
    "investigation": Look("An investigation", render_investigation),
    "introspection": Look("A planted thought, and whether it is noticed", render_introspection),
    "account": Look("The model's account of why it acted", render_account),
    "screening": Look("What training data would do", render_screening),
    "steer": Look("Steering, by dose", render_steering),
    "patching": Look("What carries the difference of two prompts", render_patching),
    "pretending": Look("Nice, or pretending to be", render_pretending),
}
"""By the name of the file without ``.json``."""
