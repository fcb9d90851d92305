"""The models of a ladder on the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from caseback.cli.models import named_models
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.oversight.ladder.rungs import Rung


def rungs_given(models: Sequence[str], flops: Sequence[str]) -> "tuple[Rung, ...]":
    """Rungs from ``MODEL`` or ``NAME=MODEL``, with the compute of ``NAME=2e15``; weakest first.

    Raises:
        CasebackError: as ``read_rungs``, or a compute that is no number or of no model given.
    """
    from caseback.oversight.ladder.rungs import read_rungs

    named = named_models(models)
    known: dict[str, float] = {}
    for one in flops:
        name, _, value = one.partition("=")
        if name not in named:
            raise CasebackError(f"--flops {one}: there is no model {name!r} here, only {', '.join(named)}")
        try:
            known[name] = float(value)
        except ValueError:
            raise CasebackError(f"--flops {one}: {value!r} is no number; give it as {name}=2e15") from None
    return read_rungs(named, known)
