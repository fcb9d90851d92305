"""The sorts of task that there are, by name."""

from collections.abc import Mapping

from caseback.errors import CasebackError
from caseback.oversight.societies.alone import MakeTask
from caseback.oversight.societies.answers import answer_task
from caseback.oversight.societies.entries import entry_task
from caseback.oversight.societies.supplies import supplies_task

KINDS: Mapping[str, MakeTask] = {"entries": entry_task, "answers": answer_task, "stock": supplies_task}

BALANCES: Mapping[str, tuple[float, ...]] = {"stock": (0.1, 0.2, 0.3)}
"""Shares of planted agents to try against defenders, where a task has others than ``Plan`` has."""


def kind_named(name: str) -> MakeTask:
    """What makes tasks of that name.

    Raises:
        CasebackError: if there is none.
    """
    if name not in KINDS:
        raise CasebackError(f"There is no task '{name}' for a society. There are: {', '.join(KINDS)}.")
    return KINDS[name]
