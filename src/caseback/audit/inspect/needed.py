"""Whether Inspect AI and Petri are there to be used."""

import sys
from importlib.util import find_spec

from caseback.errors import CasebackError


def need_inspect() -> None:
    """See that Inspect AI is installed, before any of it is imported.

    Raises:
        CasebackError: saying how to install it.
    """
    if find_spec("inspect_ai") is None:
        raise CasebackError("Inspect AI is not installed: pip install 'caseback[inspect]'")


def need_petri() -> None:
    """See that Petri is installed, before any of it is imported.

    Raises:
        CasebackError: saying what it needs and how to install it.
    """
    if find_spec("inspect_petri") is None:
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        but = "" if sys.version_info >= (3, 12) else f", and this is {ours}"
        raise CasebackError(
            f"Petri is not installed. It needs Python 3.12 or newer{but}: pip install 'caseback[petri]' there, or let "
            "benchmarks/make_petri_env.sh make an environment"
        )
