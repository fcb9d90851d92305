"""The files that pages load: ours, the style of cards, and what is vendored, pinned by SHA-256.

All of them are read into memory at the start and asked for by name, so that no path can lead elsewhere.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from caseback.errors import CasebackError

KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
VENDORED = "vendored.json"
SHARED = ("card.css", "lines.css", "chat.css", "visible.js", "chat.js")
"""Of the disclosed pages, which the studio looks like, and of the chat with dials."""


@dataclass(frozen=True)
class Asset:
    """A file: what it holds, of which media type, and its digest, by which a browser knows that it changed."""

    content: bytes
    kind: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every file by its name.

    Raises:
        CasebackError: a vendored file is not the one that was pinned.
    """
    ours = files("caseback.studio") / "static"
    shared = files("caseback.disclosure") / "templates"
    read = {each.name: each.read_bytes() for each in ours.iterdir() if each.name.endswith(tuple(KINDS))}
    for name, pinned in vendored().items():
        content = (ours / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != pinned["sha256"]:
            raise CasebackError(f"{name} of the studio is not the file that was pinned: install caseback again")
    read |= {name: (shared / name).read_bytes() for name in SHARED}
    read["themes.css"] = themes(read["card.css"].decode()).encode()
    return {name: _asset(name, content) for name, content in read.items()}


def vendored() -> dict[str, dict[str, str]]:
    """Package, version, licence and SHA-256 of each file that is not ours, by its name."""
    return json.loads((files("caseback.studio") / "static" / VENDORED).read_text(encoding="utf-8"))


def themes(css: str) -> str:
    """The colours of a style sheet that follows the system, for a page where a person chose light or dark."""
    light, dark = re.findall(r":root \{([^}]*)\}", css)[:2]
    return (
        f':root[data-theme="light"] {{{light.replace("light dark", "light")}}}\n'
        f':root[data-theme="dark"] {{ color-scheme: dark; {dark}}}\n'
    )


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, KINDS[name[name.rindex(".") :]], hashlib.sha256(content).hexdigest())
