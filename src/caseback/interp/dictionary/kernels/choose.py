"""The kernels for a device: compiled where they can be, otherwise in torch."""

from types import ModuleType

import torch

from caseback.interp.dictionary.kernels import compiled, plain
from caseback.interp.dictionary.kernels.build import shared_library


def kernels_for(device: torch.device) -> ModuleType:
    """The fastest kernels that run on the device."""
    return compiled if device.type == "cpu" and shared_library() is not None else plain
