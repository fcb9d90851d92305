"""An investigation as an HTML file that needs nothing else: what was found, where, and by what steps."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page


def render_investigation(data: Mapping[str, Any]) -> str:
    """The page of ``investigation.json``. What a model wrote is escaped."""
    return render_page("investigation.html.j2", data=data)
