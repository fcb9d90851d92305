"""One step of training, with sparse gradients.

A token uses k of many thousands of latents, so all but the encoder's product costs k times the width of an activation:
decoding and its gradients go by entry, gradients of the weights are sums over the entries of each latent. Codes and
their gradients are never dense. The same in dense autograd stands in the tests.
"""

import math
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.entries import Entries, Fit
from caseback.interp.dictionary.gradients import Gradients
from caseback.interp.dictionary.kernels.bags import bagged, compare, decode, dots, written
from caseback.interp.dictionary.revive import dead_latents, revive
from caseback.interp.dictionary.select import select
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import WHOLE, Training, keep_half

FASTER = {"router": 3.0, "b_router": 3.0, "log_threshold": 10.0}
"""Times the learning rate: the router has to follow the latents, and thresholds have far to go in small steps."""


FIRST = 512
"""Tokens by which the encoder is sized at the start."""


@dataclass(frozen=True)
class Step:
    """What a step saw: FVU of its batch (of the whole dictionary, activations having mean square 1 per number), mean
    active latents per token, latents dead before it, and the norm of the gradient before clipping.
    """

    fvu: float
    l0: float
    dead: int
    norm: float


def train_step(training: Training, x_BD: Tensor, y_BE: Tensor, settings: Settings, kernels: ModuleType) -> Step:
    """Train on a batch of normalised activations: what is read, and what is to be written (the same for an SAE).

    Raises:
        CasebackError: the loss is not finite.
    """
    if training.step == 0 and x_BD is y_BE:
        _size_encoder(training, x_BD, settings, kernels)
    found = gradients(training, x_BD, y_BE, settings, kernels)
    norm = math.sqrt(training.peers.total(found.squares))
    if not math.isfinite(norm) or not math.isfinite(found.fvu):
        raise CasebackError(
            f"training diverged at step {training.step} (FVU {found.fvu}, gradient {norm}): lower the learning rate "
            f"(now {settings.rate:.2g})"
        )
    dead = int(training.peers.total((training.idle > settings.dead_after).sum()))
    update(training, found, min(1.0, settings.clip / max(norm, 1e-12)), settings, kernels)
    return Step(found.fvu, found.l0, dead, norm)


def _size_encoder(training: Training, x_BD: Tensor, settings: Settings, kernels: ModuleType) -> None:
    """Scale the encoder so that the first reconstructions are of the size that fits best. Of many latents the highest
    are alike, and together they would overshoot.
    """
    some = x_BD[:FIRST]
    dtype = training.W_enc.dtype if training.half is None else training.half.dtype
    entries = select(training, some.to(dtype), settings, kernels)
    x_hat_BD = training.peers.sum(written(entries, training.W_dec))
    size = float((x_hat_BD * some).sum() / x_hat_BD.square().sum().clamp(min=1e-12))
    if size > 0:
        training.W_enc *= size
        keep_half(training, dtype)


def gradients(training: Training, x_BD: Tensor, y_BE: Tensor, settings: Settings, kernels: ModuleType) -> Gradients:
    """Gradients of the loss: squared error per number, mean over tokens and nested reconstructions; for JumpReLU plus
    the penalty on L0; plus AuxK where latents are dead. Notes which latents fired.
    """
    dtype = training.W_enc.dtype if training.half is None else training.half.dtype
    entries = select(training, x_BD.to(dtype), settings, kernels)
    base = training.b_dec if training.W_skip is None else torch.addmm(training.b_dec, x_BD.float(), training.W_skip)
    weight = 1 / (y_BE.numel() * len(settings.bounds))
    return gradients_of(training, x_BD, y_BE, entries, base, weight, settings, kernels)


def gradients_of(
    training: Training,
    x_BD: Tensor,
    y_BE: Tensor,
    entries: Entries,
    base: Tensor,
    weight: float,
    settings: Settings,
    kernels: ModuleType,
) -> Gradients:
    """``gradients`` where the active latents are chosen and ``base`` [E] or [B, E] is added to what they write: bias
    and skip, or what other dictionaries write beside this one. ``weight`` is that of a squared number in the loss.
    """
    dtype = training.W_enc.dtype if training.half is None else training.half.dtype
    x = x_BD.to(dtype)
    active = _active(training, entries)
    used = (
        entries if active is None else Entries(entries.offsets, entries.latents, entries.values * active, entries.width)
    )
    bounds = (torch.tensor(settings.bounds, device=x.device) - training.first).clamp(0, training.width)
    fit = _fitted(training, used, base, y_BE.float(), bounds, weight, dtype, kernels)
    dpre = fit.dvalues * (used.values > 0)
    order = kernels.by_latent(used)
    _note_fired(training, used)
    dead = dead_latents(training, settings)
    touched = _touched(order.starts, dead, settings)
    whole = torch.tensor([training.width], device=x.device)
    W_dec, squares = kernels.weight_grad(order, used.values, fit.grads, bounds, touched)
    W_enc, more = kernels.weight_grad(order, dpre, x[:, None], whole, touched)
    by_name = {
        "W_enc": W_enc,
        "W_dec": W_dec,
        "b_enc": torch.bincount(used.latents, dpre, minlength=training.width).float(),
        "b_dec": fit.grads[:, 0].sum(0, dtype=torch.float32),
    }
    if training.W_skip is not None:
        by_name["W_skip"] = x.T.float() @ fit.grads[:, 0].float()
    l0 = training.peers.total((used.values > 0).sum()) / len(x)
    if training.log_threshold is not None:
        by_name["log_threshold"] = _threshold_gradient(training, entries, fit, l0, settings)
    counted = by_name.keys() - {"W_enc", "W_dec"} - (set(WHOLE) if training.peers.rank else set())
    squares += more + sum(float(g.double().square().sum()) for name, g in by_name.items() if name in counted)
    found = Gradients(touched, by_name, squares, _fvu(fit, weight), l0)
    by_name |= training.pending
    revive(training, found, dead, x, lambda: _error(fit, weight), settings)
    return found


def _fitted(
    training: Training,
    used: Entries,
    base: Tensor,
    target_BE: Tensor,
    bounds: Tensor,
    weight: float,
    dtype: torch.dtype,
    kernels: ModuleType,
) -> Fit:
    """Decode, compare, and differentiate. Of several processes each decodes its latents, and the sum is compared."""
    if training.peers.count == 1:
        return kernels.fit(used, training.W_dec, base, target_BE, bounds, weight, dtype)
    bags = bagged(used, bounds)
    loss, grads = compare(training.peers.sum(decode(bags, training.W_dec)), base, target_BE, weight)
    return Fit(loss, grads.to(dtype), dots(bags, training.W_dec, grads))


def _touched(starts: Tensor, dead: Tensor, settings: Settings) -> Tensor:
    """Latents whose weights a step changes, ascending: all; of a routed dictionary those with entries or about to be
    revived, for to go through millions at every step would cost more than all else. Moments of the others stand still
    meanwhile, as in torch's SparseAdam.
    """
    there = starts.diff() > 0
    if not settings.groups:
        return torch.arange(len(there), dtype=torch.int32, device=starts.device)
    there[dead] = True
    return there.nonzero()[:, 0].int()


def _active(training: Training, entries: Entries) -> Tensor | None:
    """Which entries are above their threshold; None where all are active."""
    if training.log_threshold is None:
        return None
    return entries.values > training.log_threshold.exp()[entries.latents.long()]


def _threshold_gradient(training: Training, entries: Entries, fit: Fit, l0: float, settings: Settings) -> Tensor:
    """By the straight-through estimator with a rectangular kernel of the given bandwidth (Rajamanoharan et al. 2024,
    equations 11 and 12), for the error and for (L0 / k - 1)^2.
    """
    assert training.log_threshold is not None
    threshold_N = training.log_threshold.exp()[entries.latents.long()]
    near_N = (entries.values - threshold_N).abs() < settings.bandwidth / 2
    penalty = 2 * settings.sparsity * (l0 / settings.k - 1) / settings.k / entries.rows
    by_entry = -(threshold_N * fit.dvalues + penalty) / settings.bandwidth * near_N
    # Of the logarithm: the derivative of exp is exp.
    return torch.bincount(entries.latents, by_entry * threshold_N, minlength=training.width).float()


def _error(fit: Fit, weight: float) -> Tensor:
    """Target minus the whole reconstruction [B, d], from the gradient of the last loss."""
    return fit.grads[:, -1].float() * (-1 / (2 * weight))


def _fvu(fit: Fit, weight: float) -> float:
    """Mean squared error per number of the whole reconstruction."""
    return fit.loss if fit.grads.shape[1] == 1 else float(_error(fit, weight).square().mean())


def _note_fired(training: Training, used: Entries) -> None:
    fired = torch.bincount(used.latents[used.values > 0], minlength=training.width)
    training.idle += used.rows
    training.idle[fired > 0] = 0


def update(training: Training, found: Gradients, scale: float, settings: Settings, kernels: ModuleType) -> None:
    """Adam on all weights, by the clipped gradient."""
    rate = settings.rate_at(training.step)
    training.step += 1
    one = torch.zeros(1, dtype=torch.int32, device=found.touched.device)
    for name, weight in training.weights().items():
        wide = name in ("W_enc", "W_dec")
        tensors = weight, found.by_name[name], training.mean[name], training.square[name]
        kernels.adam_rows(
            found.touched if wide else one,
            *(tensors if wide else (tensor.view(1, -1) for tensor in tensors)),
            scale,
            rate * FASTER.get(name, 1.0),
            settings.betas,
            settings.eps,
            training.step,
            name == "W_dec",
            training.half if name == "W_enc" else None,
        )
