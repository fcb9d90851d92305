"""Checkpoints of a pre-training run: written whole or not at all, checked when read, two kept."""

import json
import os
import re
import zlib
from pathlib import Path
from typing import Any

import torch

from caseback.errors import CasebackError

KEPT = 2


def path_of(folder: Path, step: int, rank: int) -> Path:
    """Where the checkpoint of one process after ``step`` steps lies."""
    return folder / f"checkpoint-{step:07d}-{rank}.safetensors"


def write(folder: Path, step: int, rank: int, tensors: dict[str, torch.Tensor], state: dict[str, Any]) -> None:
    """Write a checkpoint and drop all but the last two of this process."""
    from safetensors.torch import save_file

    place = path_of(folder, step, rank)
    part = place.with_suffix(".part")
    ready = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(ready, part, metadata={"state": json.dumps(state), "crc": str(_crc(ready))})
    os.replace(part, place)
    for step_before in sorted(_steps(folder, rank))[:-KEPT]:
        path_of(folder, step_before, rank).unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and the state of a checkpoint.

    Raises:
        CasebackError: if the file is missing, cut short or altered.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as stored:
            names = list(stored.keys())
            tensors = {name: stored.get_tensor(name) for name in names}
            about = stored.metadata() or {}
        state = json.loads(about["state"])
        if str(_crc(tensors)) != about["crc"]:
            raise CasebackError(f"{path} was altered after it was written; delete it.")
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CasebackError(f"{path} cannot be read ({error}); delete it.") from error
    return tensors, state


def newest(folder: Path, processes: int) -> int | None:
    """The last step of which every process has a readable checkpoint; None where there is none."""
    common = set.intersection(*(_steps(folder, rank) for rank in range(processes)))
    for step in sorted(common, reverse=True):
        try:
            for rank in range(processes):
                read(path_of(folder, step, rank))
        except CasebackError:
            continue
        return step
    return None


def _steps(folder: Path, rank: int) -> set[int]:
    found = (re.fullmatch(rf"checkpoint-(\d+)-{rank}\.safetensors", path.name) for path in folder.iterdir())
    return {int(match[1]) for match in found if match}


def _crc(tensors: dict[str, torch.Tensor]) -> int:
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(tensors[name].view(-1).view(torch.uint8).numpy().data, value)
    return value
