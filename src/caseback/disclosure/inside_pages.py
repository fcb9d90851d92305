"""Pages of what was asked of a model about itself, and of what training data would do to it: one HTML file each.

Texts are escaped, and characters that are not seen shown by their number.
"""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]


def render_introspection(data: Data) -> str:
    """The page of ``introspection.json``."""
    return render_page("introspection.html.j2", data=data)


def render_account(data: Data) -> str:
    """The page of ``account.json``."""
    return render_page("account.html.j2", data=data)


def render_screening(data: Data) -> str:
    """The page of ``screening.json``."""
    return render_page("screening.html.j2", data=data)
