"""The state of a training on disk: written whole or not at all, so that it goes on as if it had not been stopped."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.training import Resumable

NAME = "checkpoint.safetensors"


def write_checkpoint(folder: Path, training: Resumable, about: Mapping[str, Any]) -> None:
    """Write the state; ``about`` says what training it is of.

    Raises:
        CasebackError: the disk is full, or the folder cannot be written. An older checkpoint stays.
    """
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in training.tensors().items()}
    state = {"step": training.step, "about": dict(about)}
    part = folder / f"{NAME}.part"
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, part, metadata={"state": json.dumps(state)})
            os.replace(part, folder / NAME)
    except BaseException:
        part.unlink(missing_ok=True)  # what is cut short only takes room
        raise


def read_checkpoint(folder: Path, training: Resumable, about: Mapping[str, Any]) -> bool:
    """Put a stored state into ``training``; False where there is none.

    Raises:
        CasebackError: it is of another training, or damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / NAME
    if not path.is_file():
        return False
    try:
        with safe_open(path, "pt") as stored:
            state = json.loads((stored.metadata() or {})["state"])
            known: dict[str, Any] = state["about"]
            asked = json.loads(json.dumps(dict(about)))
            if different := [name for name in asked if known.get(name) != asked[name]]:
                raise CasebackError(
                    f"{folder} has a training with another {different[0]} ({known.get(different[0])}, now "
                    f"{asked[different[0]]}): name another folder, or start afresh with --fresh"
                )
            for name, tensor in training.tensors().items():
                tensor.copy_(stored.get_tensor(name))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CasebackError(f"{path} cannot be read ({error}); delete it to start afresh") from None
    training.go_on_from(state["step"])
    return True


def forget_checkpoint(folder: Path) -> None:
    """Remove the state, if there is one."""
    (folder / NAME).unlink(missing_ok=True)
