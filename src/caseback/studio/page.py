"""What a page is: a path, and the data that is drawn there. Its JSON twin is that data."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.found import Found, search

Data = Mapping[str, Any]
Names = Mapping[str, str]
"""Parts of a path, or of a query, by name."""
OTHERWISE = (KeyError, TypeError, AttributeError, IndexError, ValueError)
"""What is raised by a file that does not hold what this version writes."""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: As Starlette has it; ``{key:path}`` for parts that may hold slashes.
        section: Which entry of the menu it belongs to.
        template: What draws it.
        data: Plain data from the desk, the parts of the path and those of the query; it raises ``AbsentError`` and
            ``AskedWrongError``.
        places: All that there are, as parts of the path: what an export writes.
        exported: Whether it says anything without a server.
    """

    path: str
    section: str
    template: str
    data: Callable[[Desk, Names, Names], Data]
    places: Callable[[Desk], Iterable[Names]] = field(default=lambda desk: ({},))
    exported: bool = True


def as_written(data: Callable[[Desk, Names, Names], Data]) -> Callable[[Desk, Names, Names], Data]:
    """The data of a page that is drawn from a file. One that does not hold what this version writes is told as such.

    Raises:
        CasebackError: from what is returned, naming the file's key and the field.
    """

    @wraps(data)
    def checked(desk: Desk, parts: Names, query: Names) -> Data:
        try:
            return data(desk, parts, query)
        except OTHERWISE as error:
            raise CasebackError(
                f"what lies in {parts.get('key', desk.folder)} is not as this version of caseback writes it "
                f"({type(error).__name__}: {error}): make it again"
            ) from error

    return checked


def told(found: Found, kind: str, line: Callable[[str, Path], Data]) -> list[dict[str, Any]]:
    """A line of a list for every file of a kind, from its key and its path; of a damaged one, why it has none."""
    return [_told(key, path, line) for key, path in found.all(kind).items()]


def places_of(kind: str) -> Callable[[Desk], Iterable[Names]]:
    """All of a kind that lie in the folder, for ``places``."""
    return lambda desk: [{"key": key} for key in search(desk.folder).all(kind)]


def at(pattern: str, **parts: str) -> str:
    """The path of a page with these parts."""
    for name, value in parts.items():
        pattern = pattern.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
    return pattern


def _told(key: str, path: Path, line: Callable[[str, Path], Data]) -> dict[str, Any]:
    try:
        return {"key": key, "unreadable": None, **line(key, path)}
    except CasebackError as error:
        return {"key": key, "unreadable": str(error)}
    except OTHERWISE:
        return {"key": key, "unreadable": f"{path} is not as this version of caseback writes it: make it again"}
