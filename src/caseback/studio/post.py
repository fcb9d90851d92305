"""What a page may be asked to do: each path, and what answers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from caseback.studio.desk import Desk


@dataclass(frozen=True)
class Post:
    """``answer`` gets the desk, the parts of the path, and what was sent: the fields of a form, or an object. Who sent
    it came in through the door and showed the token of their session."""

    path: str
    answer: Callable[[Desk, Mapping[str, str], Mapping[str, Any]], Awaitable[Response]]
