"""The checkpoints of one run, in order."""

import re
from pathlib import Path

from caseback.errors import CasebackError

NAMES = re.compile(r"(?:checkpoint-|step-?)?(\d+)")
"""Folders of steps: ``steps/500`` of a reference model's run, ``checkpoint-500`` of a Hugging Face trainer's."""


def checkpoints(run: Path) -> dict[int, Path]:
    """Model folders by step, in order.

    Args:
        run: a folder that holds them itself or in ``steps``.

    Raises:
        CasebackError: there are fewer than two that hold a model.
    """
    held = run / "steps" if (run / "steps").is_dir() else run
    if not held.is_dir():
        raise CasebackError(f"{run}: no such folder; pass the folder of a run that kept its checkpoints")
    found = {
        int(match[1]): path
        for path in held.iterdir()
        if (match := NAMES.fullmatch(path.name)) and (path / "config.json").is_file()
    }
    if len(found) < 2:
        raise CasebackError(
            f"{run}: {len(found)} checkpoints with a model in them; at least two folders such as steps/500 or "
            "checkpoint-500 are needed, each with its config.json"
        )
    return dict(sorted(found.items()))
