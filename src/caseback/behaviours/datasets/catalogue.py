"""All public data sets found in one folder."""

from pathlib import Path

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.datasets import anthropic_evals, hh_rlhf, refusal_splits, truthfulqa
from caseback.errors import CasebackError


def data_sets(folder: Path) -> dict[str, Behaviour]:
    """A behaviour for each data set in the folder, named ``SET/PART``; their situations ignore the ground asked for.

    Raises:
        CasebackError: where the folder is none, or holds none of the sets that are known.
    """
    if not folder.is_dir():
        raise CasebackError(f"{folder} is no folder: name one that holds anthropic-evals, refusal-splits, …")
    found: dict[str, Behaviour] = {}
    for reader in (anthropic_evals, hh_rlhf, refusal_splits, truthfulqa):
        found |= reader.behaviours(folder)
    if not found:
        raise CasebackError(f"{folder} holds none of anthropic-evals, hh-rlhf, refusal-splits, truthfulqa")
    return found
