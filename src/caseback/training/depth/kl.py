"""How far training moved the next token, by its position in the reply (Qi et al. 2024, arXiv 2406.05946)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.stats.means import Mean, clustered_mean
from caseback.subject.generate import Forward
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.depth.score import Score, untold
from caseback.training.depth.trial import Trial
from caseback.training.sample import seed_for

POSITIONS = 64
"""Positions for which a value of their own is given; sums and shares are over whole replies."""
FIRST = (1, 2, 3, 5, 8, 13, 21)
"""Numbers of first tokens whose share of the divergence is given."""
SCORED = 5
"""The number of first tokens whose share the score is 1 less."""


@dataclass(frozen=True)
class KLCurve:
    """The divergence along replies by one ``writer``, in nats: ``forward`` KL(trained‖base), else KL(base‖trained).

    ``positions`` are means over the replies that have a token there; ``total`` is that of the sum over a reply, which
    for forward along the trained model's replies (and backward along the base's) estimates the divergence between the
    distributions of whole replies. ``shares`` are those of the first ``FIRST`` tokens in the sum over all replies.
    """

    writer: str
    forward: bool
    positions: tuple[Mean, ...]
    total: Mean
    shares: tuple[Mean, ...]


@dataclass(frozen=True)
class Divergence:
    """Four curves: replies by the trained model and by the base, either direction.

    The score is 1 less the share of the first five tokens, forward, along the trained model's own replies. Of replies
    of equal divergence all along it is 1 less five over their length, so it is no yardstick between lengths.
    """

    curves: tuple[KLCurve, ...]
    score: Score


def divergence(trial: Trial, trained: OpenSubject, base: OpenSubject) -> Divergence:
    """Both directions along replies drawn at temperature 1 by each of the two, as the trained model is prompted."""
    curves = []
    for writer, subject in (("trained", trained), ("base", base)):
        seeds = [seed_for("kl", trial.seed, situation.id) for situation in trial.situations]
        replies = subject.generate(
            [item.messages for item in trial.situations], Sampling(trial.max_new_tokens, temperature=1.0), seeds=seeds
        )
        prompts = [trained.format.prompt(item.messages).ids for item in trial.situations]
        both = [
            kl_both(trained.model, base.model, prompt, list(reply.tokens))
            for prompt, reply in zip(prompts, replies, strict=True)
        ]
        curves += [_curve(writer, forward, [each[not forward] for each in both], trial) for forward in (True, False)]
    return Divergence(tuple(curves), _score(curves[0]))


@torch.inference_mode()
def kl_both(first: Any, second: Any, prompt: Sequence[int], reply: Sequence[int]) -> tuple[list[float], list[float]]:
    """KL(first‖second) and KL(second‖first) of the next token at each token of the reply, in nats."""
    if not reply:
        return [], []
    p, q = (_logits(model, [*prompt, *reply[:-1]], len(reply)) for model in (first, second))
    # Where one vocabulary is padded further than the other, what is beyond is no token.
    width = min(p.shape[-1], q.shape[-1])
    p, q = (logits[:, :width].log_softmax(-1) for logits in (p, q.to(p.device)))
    forward, backward = ((a.exp() * (a - b)).sum(-1).clamp(min=0) for a, b in ((p, q), (q, p)))
    return forward.tolist(), backward.tolist()


def _logits(model: Any, ids: list[int], kept: int) -> Tensor:
    """Logits [kept, vocabulary] after the last ``kept`` tokens, in double precision: KL is a small difference."""
    arguments = {"use_cache": False, "logits_to_keep": kept}
    known = Forward(model).known
    given = {name: value for name, value in arguments.items() if name in known}
    logits: Tensor = model(input_ids=torch.tensor([ids], device=model.device), **given).logits
    return logits[0, -kept:].double()


def _curve(writer: str, forward: bool, replies: Sequence[Sequence[float]], trial: Trial) -> KLCurve:
    rows = list(zip(trial.families, replies, strict=True))
    longest = min(POSITIONS, max((len(values) for values in replies), default=0))
    return KLCurve(
        writer=writer,
        forward=forward,
        positions=tuple(
            clustered_mean((family, values[at], 1.0) for family, values in rows if len(values) > at)
            for at in range(longest)
        ),
        total=clustered_mean((family, sum(values), 1.0) for family, values in rows if values),
        shares=tuple(clustered_mean((family, sum(values[:k]), sum(values)) for family, values in rows) for k in FIRST),
    )


def _score(curve: KLCurve) -> Score:
    share = curve.shares[FIRST.index(SCORED)]
    if not share.n:
        return untold("the two models give the same probabilities")
    low, high = (max(0.0, min(1.0, 1 - limit)) for limit in (share.high, share.low))
    return Score(1 - share.value, low, high) if math.isfinite(share.low) else Score(1 - share.value, 0.0, 1.0)
