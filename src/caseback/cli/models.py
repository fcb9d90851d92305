"""Models on the command line: a folder or hub id, by itself or as NAME=PATH."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.subject.open_subject import OpenSubject


def named_models(given: Sequence[str]) -> dict[str, str]:
    """Paths or hub ids by name; without one, a model is called as its folder, or the reference model, is.

    Raises:
        CasebackError: two have one name.
    """
    named: dict[str, str] = {}
    for one in given:
        name, _, path = one.rpartition("=")
        name = name or Path(path).name
        if name in named:
            raise CasebackError(f"two models are called '{name}': give one as NAME=PATH")
        named[name] = located(path)
    return named


def located(given: str) -> str:
    """Where the model lies that is given by the name of a reference model, by folder, by hub id or by address.

    Raises:
        CasebackError: a reference model that has not been built here.
    """
    from caseback.world.reference import named_or_given

    return named_or_given(given)[0]


def load_named(given: str, *, dtype: str | None = None, adapter: str | None = None) -> "OpenSubject":
    """The model that is given by the name of a reference model, by folder or by hub id.

    Reference models are small, and load as float32 unless told otherwise: their greedy text is then the same in any
    batch.

    Raises:
        CasebackError: a reference model that has not been built here, or what ``load`` refuses.
    """
    from caseback.subject.load import load
    from caseback.world.reference import named_or_given

    place, by_name = named_or_given(given)
    return load(place, dtype=dtype or ("float32" if by_name else None), adapter=adapter)
