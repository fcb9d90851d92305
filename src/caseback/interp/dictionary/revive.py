"""AuxK: latents that have long been silent learn to explain what the others leave over (Gao et al. 2024, section A.2).

The gradient is taken on a share of the batch, such that tokens times dead latents stay within ``ROOM``: its
expectation is the same, and a dictionary with many dead latents is not held up by them.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from caseback.interp.dictionary.gradients import Gradients
from caseback.interp.dictionary.highest import highest
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import Training
from caseback.interp.store.permutation import permuted

MOST_DEAD = 4096
"""Dead latents taken up in a step; of more, as many at random."""
ROOM = 1 << 18


def dead_latents(training: Training, settings: Settings) -> Tensor:
    """Latents to be revived, ascending: the dead, or at random ``MOST_DEAD`` of them; those of this process."""
    dead = (training.idle > settings.dead_after).nonzero()[:, 0]
    peers = training.peers
    by_peer = peers.gather(torch.tensor(len(dead), device=dead.device)).tolist()
    total, before = sum(by_peer), sum(by_peer[: peers.rank])
    if total <= MOST_DEAD:
        return dead
    # Drawn without a list of all of them, for they may be millions.
    drawn = permuted(np.arange(MOST_DEAD), total, settings.seed * 1_000_003 + training.step)
    chosen = torch.from_numpy(drawn).sort().values - before
    return dead[chosen[(chosen >= 0) & (chosen < len(dead))].to(dead.device)]


def revive(
    training: Training,
    found: Gradients,
    dead: Tensor,
    x_BD: Tensor,
    error: Callable[[], Tensor],
    settings: Settings,
) -> None:
    """Adds to the gradients that of ``aux`` times the share of the error that the dead latents leave over when the
    ``aux_k`` most active of them try to explain it. Does nothing where none is dead. ``error`` gives the error [B, d].
    """
    of_all = int(training.peers.total(len(dead)))
    if not of_all:
        return
    rows = max(1, min(len(x_BD), ROOM // of_all))
    some = torch.randperm(len(x_BD), generator=_draw(training, settings))[:rows].to(dead.device)
    grads = aux_gradients(training, dead, x_BD[some].float(), error()[some], settings)
    places = torch.searchsorted(found.touched, dead.int())
    for name, rows_of in grads.items():
        whole, at = found.by_name[name], dead if name == "b_enc" else places
        before = whole[at]
        whole[at] = before + rows_of
        found.squares += float(whole[at].double().square().sum() - before.double().square().sum())


def _draw(training: Training, settings: Settings) -> torch.Generator:
    return torch.Generator().manual_seed(settings.seed * 1_000_003 + training.step)


def aux_gradients(
    training: Training, dead: Tensor, x_BD: Tensor, error_BE: Tensor, settings: Settings
) -> dict[str, Tensor]:
    """Gradients of the auxiliary loss with respect to the rows ``dead`` of W_enc, b_enc and W_dec.

    The loss is ``aux * sum((error - z @ W_dec[dead])**2) / sum(error**2)``, with z the aux_k highest of
    ``relu(x @ W_enc[dead].T + b_enc)``.
    """
    W_enc, W_dec = training.W_enc[dead], training.W_dec[dead]
    pre_BF = torch.addmm(training.b_enc[dead], x_BD, W_enc.T)
    z_BF = pre_BF.relu()
    if training.peers.count > 1:
        z_BF = z_BF * highest(z_BF, settings.aux_k, training.peers)
    elif len(dead) > settings.aux_k:
        values, at = z_BF.topk(settings.aux_k, dim=1, sorted=False)
        z_BF = torch.zeros_like(z_BF).scatter_(1, at, values)
    left_BE = training.peers.sum(z_BF @ W_dec) - error_BE
    scale = 2 * settings.aux / error_BE.square().sum().clamp(min=1e-12)
    dleft_BE = left_BE * scale
    dpre_BF = (dleft_BE @ W_dec.T) * (z_BF > 0)
    return {"W_dec": z_BF.T @ dleft_BE, "W_enc": dpre_BF.T @ x_BD, "b_enc": dpre_BF.sum(0)}
