"""Drawing pages: Jinja templates, escaped, on the macros of the disclosed pages."""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader

from caseback.disclosure.page import environment_of
from caseback.studio.assets import assets
from caseback.studio.wording import amount, moment, when

NO_RECORDS: dict[str, Any] = {"evidence": {"records": (), "struck": {}, "unreadable": {}}}
"""What the macros of a card read where there is no card: no figure leads to a record on the same page."""
MENU = (
    ("home", "Home", "/", "h"),
    ("constitution", "Constitution", "/constitution", "c"),
    ("inside", "Inside", "/inside", "i"),
    ("audit", "Audit", "/audit", "a"),
    ("games", "Games", "/games", "g"),
    ("oversight", "Oversight", "/oversight", "o"),
    ("live", "Live", "/live", "l"),
    ("chat", "Chat", "/chat", "t"),
    ("disclosures", "Disclosures", "/disclosures", "d"),
)
"""Name, title, path, and the letter that follows ``g`` on the keyboard."""


def render(template: str, link: Callable[[str], str] | None = None, **what: Any) -> str:
    """A page from one of the templates.

    Args:
        link: From a path of the studio to what a browser is given; by default the path itself.
        what: The data.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            **{
                "link": link or quoted,
                "asset": asset_path(link),
                "section": "",
                "session": None,
                "exported": False,
                **what,
            }
        )
    )


def quoted(path: str) -> str:
    """A path as a browser takes it; its query stays as it is."""
    place, mark, query = path.partition("?")
    return quote(place) + mark + query


def asset_path(link: Callable[[str], str] | None) -> Callable[[str], str]:
    """The path of a file that pages load. Its digest is part of it, so that a changed one is loaded again."""
    if link is None:
        return lambda name: f"/static/{name}?{assets()[name].digest[:12]}"
    return lambda name: link(f"/static/{name}")


def is_web(address: object) -> bool:
    """Whether it is an address of the web, which may stand in a link: no script hides in it."""
    return isinstance(address, str) and urlsplit(address).scheme in ("http", "https")


@cache
def _environment() -> Environment:
    loaders = [PackageLoader("caseback.studio", "templates"), PackageLoader("caseback.disclosure", "templates")]
    environment = environment_of(ChoiceLoader(loaders))
    environment.filters |= {"amount": amount, "when": when, "moment": moment}
    environment.globals |= {"menu": MENU, "card": NO_RECORDS}
    environment.tests["web"] = is_web
    return environment
