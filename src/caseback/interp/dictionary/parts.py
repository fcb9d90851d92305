"""A dictionary whose latents are spread over processes, written as one folder without ever being whole in memory.

Each process writes its latents; the first then copies these files into ``dictionary.safetensors``, some rows of a
tensor at a time. What comes out is what ``files.save`` writes.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from caseback.dossier.disk import writing
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import ABOUT, TENSORS, WEIGHTS, described
from caseback.interp.dictionary.scaling import Scaling, made, own_tensors
from caseback.interp.dictionary.training import WHOLE, Training

AXIS = {"W_enc": 1, "b_enc": 0, "W_dec": 0, "threshold": 0, "router": 1, "b_router": 0}
"""Along which axis latents, or groups of them, lie."""
COPIED = 1 << 26
"""Bytes copied at a time."""


def write_part(
    folder: Path, training: Training, scales: tuple[Scaling, ...], threshold_F: Tensor | None, **named: Any
) -> Dictionary:
    """Write the latents of this process, in the units of activations, and wait for the others to do so.

    The moments of the training are forgotten, so that this takes no more memory than the training did.

    Args:
        named: What ``scaling.in_own_units`` takes besides.

    Returns:
        The whole dictionary without its values: on the device ``meta``.

    Raises:
        CasebackError: the disk is full, or the folder cannot be written.
    """
    from safetensors.torch import save_file

    peers = training.peers
    training.mean, training.square = {}, {}
    tensors = own_tensors(training, scales[0], scales[1], threshold_F)
    mine = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in tensors.items()
        if tensor is not None and (name not in WHOLE or peers.rank == 0)
    }
    path = _path(folder, peers.rank, peers.count)
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(mine, path)
    except BaseException:
        path.unlink(missing_ok=True)  # what is cut short only takes room
        raise
    peers.wait()
    whole = {name: None if tensor is None else _whole(name, tensor, peers.count) for name, tensor in tensors.items()}
    return made(whole, **named)


def _whole(name: str, tensor: Tensor, count: int) -> Tensor:
    size = list(tensor.shape)
    if name in AXIS:
        size[AXIS[name]] *= count
    return torch.empty(size, dtype=tensor.dtype, device="meta")


def join_parts(folder: Path, whole: Dictionary, count: int) -> None:
    """Make one dictionary of what the processes wrote, and delete that.

    Args:
        whole: The dictionary without its values.

    Raises:
        CasebackError: the disk is full, or the folder cannot be written.
    """
    begun = [folder / f"{name}.part" for name in (WEIGHTS, ABOUT)]
    parts = [_path(folder, rank, count) for rank in range(count)]
    try:
        with writing(folder):
            _copy(parts, {name: getattr(whole, name) for name in TENSORS}, begun[0])
            begun[1].write_text(described(whole), encoding="utf-8")
            for path, name in zip(begun, (WEIGHTS, ABOUT), strict=True):
                os.replace(path, folder / name)
    except BaseException:
        for path in begun:
            path.unlink(missing_ok=True)
        raise
    for part in parts:
        part.unlink()


def _path(folder: Path, rank: int, count: int) -> Path:
    return folder / f"part-{rank + 1}-of-{count}.safetensors"


def _copy(parts: Sequence[Path], like: Mapping[str, Tensor | None], to: Path) -> None:
    """A safetensors file of fp32 tensors: the length of a header, the header, the tensors one after the other."""
    from safetensors import safe_open

    there = {name: tensor for name, tensor in like.items() if tensor is not None}
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in there.items():
        start, end = end, end + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [start, end]}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    with ExitStack() as stack, to.open("wb") as file:
        stored = [stack.enter_context(safe_open(part, "pt")) for part in parts]
        file.write(len(written).to_bytes(8, "little") + written)
        for name, tensor in there.items():
            slices = [each.get_slice(name) for each in (stored if name in AXIS else stored[:1])]
            if AXIS.get(name, 0):  # rows of the whole are rows of the parts side by side
                rows = max(1, COPIED // (4 * tensor.shape[1]))
                for row in range(0, len(tensor), rows):
                    file.write(_bytes(torch.cat([each[row : row + rows] for each in slices], 1)))
                continue
            for each in slices:
                length = each.get_shape()[0]
                rows = max(1, COPIED * length // (4 * max(1, _numel(each.get_shape()))))
                for row in range(0, length, rows):
                    file.write(_bytes(each[row : row + rows]))


def _numel(shape: Sequence[int]) -> int:
    return int(torch.Size(shape).numel())


def _bytes(tensor: Tensor) -> Any:
    return tensor.contiguous().numpy().data
