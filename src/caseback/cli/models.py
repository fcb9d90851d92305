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


def model_path(given: str) -> str:
    """Where a model lies that is given by the name of a reference model, by folder or by hub id.

    Raises:
        CasebackError: a reference model that has not been built here.
    """
    from caseback.world.builds import BUILDS
    from caseback.world.reference import reference_path

    return str(reference_path(given)) if given in BUILDS and not Path(given).is_dir() else given
