"""Models on the command line: a folder or hub id, by itself or as NAME=PATH."""

from collections.abc import Sequence
from pathlib import Path

from caseback.errors import CasebackError


def named_models(given: Sequence[str]) -> dict[str, str]:
    """Paths or hub ids by name; without one, a model is called as its folder is.

    Raises:
        CasebackError: two have one name.
    """
    named: dict[str, str] = {}
    for one in given:
        name, _, path = one.rpartition("=")
        name = name or Path(path).name
        if name in named:
            raise CasebackError(f"two models are called '{name}': give one as NAME=PATH")
        named[name] = path
    return named
