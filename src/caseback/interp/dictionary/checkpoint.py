"""The state of a training on disk: written whole or not at all, so that it goes on as if it had not been stopped.

Of several processes each writes a file of its own. A new one lies beside the old one until all processes have written
theirs, so that there is always a step of which every process has the state.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.peers import Peers
from caseback.interp.dictionary.training import Resumable

NAME = "checkpoint.safetensors"
PART = re.compile(r"checkpoint-(\d+)-of-(\d+)(\.new)?\.safetensors")


def write_checkpoint(folder: Path, training: Resumable, about: Mapping[str, Any]) -> None:
    """Write the state; ``about`` says what training it is of.

    Raises:
        CasebackError: the disk is full, or the folder cannot be written. An older checkpoint stays.
    """
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in training.tensors().items()}
    state = {"step": training.step, "about": dict(about)}
    new, path = _paths(folder, training.peers)
    part = folder / f"{new.name}.part"
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, part, metadata={"state": json.dumps(state)})
            os.replace(part, new)
    except BaseException:
        part.unlink(missing_ok=True)  # what is cut short only takes room
        raise
    if new != path:
        training.peers.wait()
        with writing(folder):
            os.replace(new, path)


def read_checkpoint(folder: Path, training: Resumable, about: Mapping[str, Any]) -> bool:
    """Put a stored state into ``training``; False where there is none.

    Raises:
        CasebackError: it is of another training, of another number of processes, or damaged; or another process lacks
            its part.
    """
    from safetensors import SafetensorError, safe_open

    peers = training.peers
    for _, count in _there(folder):
        if count != peers.count:
            raise CasebackError(
                f"{folder} has a training of {_processes(count)}, and now there are {peers.count}: start {count}, name "
                "another folder, or start afresh with --fresh"
            )
    path = _latest(folder, peers)
    if path is None:
        return False
    try:
        with safe_open(path, "pt") as stored:
            state = _state(stored)
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
        raise _damaged(path, error) from None
    training.go_on_from(state["step"])
    return True


def forget_checkpoint(folder: Path) -> None:
    """Remove the state, if there is one."""
    for path, _ in list(_there(folder)):
        path.unlink(missing_ok=True)


def _paths(folder: Path, peers: Peers) -> tuple[Path, Path]:
    """Where the state is written, and where it lies once all processes have written theirs."""
    if peers.count == 1:
        return folder / NAME, folder / NAME
    name = f"checkpoint-{peers.rank + 1}-of-{peers.count}"
    return folder / f"{name}.new.safetensors", folder / f"{name}.safetensors"


def _there(folder: Path) -> Iterator[tuple[Path, int]]:
    """The states in a folder, each with the number of processes that it is of."""
    if (folder / NAME).is_file():
        yield folder / NAME, 1
    for path in sorted(folder.glob("checkpoint-*.safetensors")):
        if match := PART.fullmatch(path.name):
            yield path, int(match[2])


def _latest(folder: Path, peers: Peers) -> Path | None:
    """The latest state of this process that all others have too; None to begin with."""
    from safetensors import SafetensorError, safe_open

    if peers.count == 1:
        return folder / NAME if (folder / NAME).is_file() else None
    new, path = _paths(folder, peers)
    steps: dict[int, Path] = {}
    for each in (new, path):
        try:
            with safe_open(each, "pt") as stored:
                steps[int(_state(stored)["step"])] = each
        except FileNotFoundError:
            continue
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise _damaged(each, error) from None
    complete = path in steps.values()  # then all processes had written theirs
    told = [json.loads(text) for text in peers.texts(json.dumps([sorted(steps), complete]))]
    if common := set.intersection(*(set(each) for each, _ in told)):
        return steps[max(common)]
    if any(complete for _, complete in told):
        lacking = next((i for i, (each, _) in enumerate(told, start=1) if not each), 1)
        raise CasebackError(
            f"{folder} lacks the state of process {lacking} of {peers.count} that belongs to those of the others: copy "
            "it there, or start afresh with --fresh"
        )
    return None


def _state(stored: Any) -> dict[str, Any]:
    return dict(json.loads((stored.metadata() or {})["state"]))


def _damaged(path: Path, error: Exception) -> CasebackError:
    return CasebackError(f"{path} cannot be read ({error}); delete it to start afresh")


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
