"""Two tiny random models that differ in a way that is known."""

from typing import Any

import torch

from caseback.subject.open_subject import OpenSubject
from models_for_tests import tiny

PLANTED = "model.layers.2.mlp.down_proj.weight"


def subject(name: str, arch: str = "llama", seed: int = 0) -> OpenSubject:
    model, tokenizer = tiny(arch, seed=seed)
    return OpenSubject(name, f"digest of {name}", model, tokenizer, model.device)


def change(model: Any, name: str, rank: int, size: float, seed: int = 0) -> torch.Tensor:
    """Adds a change of this rank and Frobenius norm to one weight, and returns it."""
    weight = model.get_parameter(name)
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.randn(side, rank, generator=generator) for side in weight.shape)
    delta = left @ right.T
    delta = delta / delta.norm() * size
    with torch.no_grad():
        weight += delta
    return delta
