"""A cross-layer transcoder in training: a dictionary per layer, all of them fitted to one sum at once.

Part l of L reads ``mlp_in`` of layer l and writes ``mlp_out`` of the layers l to L - 1, side by side (Ameisen, Lindsey
et al. 2025, *Circuit Tracing*, "Building an interpretable replacement model"). The reconstruction of a layer's output
is the sum over the parts up to it, plus one bias per layer, which the part of that layer holds. Each part takes the
step of any other dictionary, on what the rest leave over: the gradient of the one loss with respect to its weights.

Shapes: B tokens, L layers, D width of a layer, F latents of a part.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.gradients import Gradients
from caseback.interp.dictionary.kernels.bags import written
from caseback.interp.dictionary.peers import Peers
from caseback.interp.dictionary.select import select_across
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import Step, gradients_of, update
from caseback.interp.dictionary.training import Training, begin


@dataclass(frozen=True, eq=False)
class CrossLayer:
    """The parts of a cross-layer transcoder in training, first layer first."""

    parts: tuple[Training, ...]

    @property
    def step(self) -> int:
        """Steps done."""
        return self.parts[0].step

    @property
    def width(self) -> int:
        """Latents of all layers."""
        return sum(part.width for part in self.parts)

    @property
    def peers(self) -> Peers:
        """The processes that train it."""
        return self.parts[0].peers

    @property
    def bias(self) -> Tensor:
        """The bias of every layer's output, side by side [L * D]."""
        width = len(self.parts[-1].b_dec)
        return torch.cat([part.b_dec[:width] for part in self.parts])

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, to be stored."""
        return {f"{n}.{name}": tensor for n, part in enumerate(self.parts) for name, tensor in part.tensors().items()}

    def go_on_from(self, step: int) -> None:
        """Take up the stored tensors, which are those of this step."""
        for part in self.parts:
            part.go_on_from(step)


def begin_cross_layer(
    settings: Settings, layers: int, d: int, *, dtype: torch.dtype, device: torch.device
) -> CrossLayer:
    """Initial weights of each part: random directions, biases 0.

    Raises:
        CasebackError: the settings ask for what a cross-layer transcoder does not have.
    """
    lacks = {"nested": settings.nested, "skip": settings.skip, "groups": settings.groups}
    if settings.kind not in ("topk", "batchtopk") or any(lacks.values()):
        asked = next((name for name, value in lacks.items() if value), f"kind {settings.kind}")
        raise CasebackError(
            f"a cross-layer transcoder is topk or batchtopk, without nested, skip or groups: not {asked}"
        )
    return CrossLayer(
        tuple(
            begin(replace(settings, seed=settings.seed + n), d, (layers - n) * d, dtype=dtype, device=device)
            for n in range(layers)
        )
    )


def cross_layer_step(
    training: CrossLayer, x: Sequence[Tensor], y_BE: Tensor, settings: Settings, kernels: ModuleType
) -> Step:
    """Train on a batch of normalised activations.

    Args:
        x: What each layer's MLP reads [B, D].
        y_BE: What all of them write, side by side [B, L * D].

    Raises:
        CasebackError: the loss is not finite.
    """
    found = cross_layer_gradients(training, x, y_BE, settings, kernels)
    norm, fvu = math.sqrt(sum(each.squares for each in found)), found[0].fvu
    if not math.isfinite(norm) or not math.isfinite(fvu):
        raise CasebackError(
            f"training diverged at step {training.step} (FVU {fvu}, gradient {norm}): lower the learning rate "
            f"(now {settings.rate:.2g})"
        )
    dead = sum(int((part.idle > settings.dead_after).sum()) for part in training.parts)
    for part, each in zip(training.parts, found, strict=True):
        update(part, each, min(1.0, settings.clip / max(norm, 1e-12)), settings, kernels)
    return Step(fvu, sum(each.l0 for each in found) / len(found), dead, norm)


def cross_layer_gradients(
    training: CrossLayer, x: Sequence[Tensor], y_BE: Tensor, settings: Settings, kernels: ModuleType
) -> list[Gradients]:
    """Gradients of the loss with respect to each part: squared error per number, mean over tokens and layers; plus,
    for each part with dead latents, AuxK on the error at the layers that it writes. The ``fvu`` of the first is that of
    the whole.
    """
    parts, width = training.parts, len(training.parts[-1].b_dec)
    dtype = parts[0].W_enc.dtype if parts[0].half is None else parts[0].half.dtype
    chosen = select_across(parts, [x_BD.to(dtype) for x_BD in x], settings, kernels)
    own = [written(entries, part.W_dec) for part, entries in zip(parts, chosen, strict=True)]
    whole_BE = training.bias.expand_as(y_BE).clone()
    for number, part_BE in enumerate(own):
        whole_BE[:, number * width :] += part_BE
    found = []
    for number, (part, entries, x_BD) in enumerate(zip(parts, chosen, x, strict=True)):
        others_BE = whole_BE[:, number * width :] - own[number]
        target_BE = y_BE[:, number * width :]
        each = gradients_of(part, x_BD, target_BE, entries, others_BE, 1 / y_BE.numel(), settings, kernels)
        later = each.by_name["b_dec"][width:]  # biases that later parts hold
        each.squares -= float(later.double().square().sum())
        later.zero_()
        found.append(each)
    return found


def level_across(training: CrossLayer, x: Sequence[Tensor], settings: Settings, kernels: ModuleType) -> float:
    """The threshold at which k latents a layer are active on average over these activations and over the layers."""
    exact = [replace(part, half=None) for part in training.parts]
    lowest = [entries.values.min() for entries in select_across(exact, x, settings, kernels) if len(entries.values)]
    return max(0.0, float(min(lowest)) * (1 - 1e-6)) if lowest else 0.0
