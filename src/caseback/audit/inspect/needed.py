"""Whether Inspect AI is there to be used."""

from importlib.util import find_spec

from caseback.errors import CasebackError


def need_inspect() -> None:
    """See that Inspect AI is installed, before any of it is imported.

    Raises:
        CasebackError: saying how to install it.
    """
    if find_spec("inspect_ai") is None:
        raise CasebackError("Inspect AI is not installed: pip install 'caseback[inspect]'")
