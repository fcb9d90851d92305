"""KL between the next-token distributions of two models, exact at every token, by family of prompts."""

import heapq
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from caseback.interp.difference.passage import Passage
from caseback.stats.means import Mean, clustered_mean

LOGITS_AT_ONCE = 2**25
"""Most logits of one model held at once (a single longer passage is held alone)."""
ROWS = 64
"""Tokens whose distributions are compared in double precision at once."""
SPOTS = 10


@dataclass(frozen=True)
class FamilyDivergence:
    """Nats per token over the passages of one family or kind: means over all tokens, their intervals cut at 0.

    ``forward`` is KL(after‖before), ``backward`` KL(before‖after), ``last`` forward at the last token of each passage,
    where a prompt's reply begins. ``other`` is the share of tokens after which another token is likeliest.
    """

    family: str
    forward: Mean
    backward: Mean
    last: Mean
    other: Mean


@dataclass(frozen=True)
class Spot:
    """A token after which the two models differ much: ``nats`` forward, and what either holds for likeliest."""

    passage: str
    position: int
    token: str
    nats: float
    before: str
    after: str


@dataclass(frozen=True)
class Divergence:
    """The divergence by family (intervals over passages), by kind and over all (intervals over families), and where it
    is largest. A kind is what stands before the first dot of a family's name."""

    families: tuple[FamilyDivergence, ...]
    kinds: tuple[FamilyDivergence, ...]
    overall: FamilyDivergence
    spots: tuple[Spot, ...]


@dataclass(frozen=True, eq=False)
class TokenKL:
    """Of one passage, per token [T]: both directions in nats, and the likeliest next token in either model."""

    forward: Tensor
    backward: Tensor
    before: Tensor
    after: Tensor


def divergence(
    before: Any,
    after: Any,
    tokenizer: Any,
    passages: Sequence[Passage],
    progress: Callable[[int, int], None] | None = None,
) -> Divergence:
    """Exact KL of the next token after every token of every passage, in both directions.

    Memory holds the logits of one batch of passages at a time. An interval of a family is over its passages; that
    of a kind, and over all, is over families (over passages where a kind has but one).
    """
    rows: list[tuple[str, str, tuple[float, ...]]] = []
    worst: list[tuple[float, int, Spot]] = []
    for index, found in token_kl(before, after, [passage.ids for passage in passages]):
        passage = passages[index]
        other = (found.before != found.after).double()
        sums = (found.forward, found.backward, found.forward[-1:], other)
        rows.append((passage.family, passage.id, (*(float(part.sum()) for part in sums), float(len(other)))))
        for at in found.forward.argsort(descending=True)[:SPOTS].tolist():
            texts = (passage.ids[at], int(found.before[at]), int(found.after[at]))
            token, was, now = (str(tokenizer.decode([i])) for i in texts)
            nats = float(found.forward[at])
            heapq.heappush(worst, (nats, len(rows) * 10_000 + at, Spot(passage.id, at, token, nats, was, now)))
            if len(worst) > SPOTS:
                heapq.heappop(worst)
        if progress:
            progress(len(rows), len(passages))
    families = sorted({family for family, _, _ in rows})
    kinds = sorted({family.split(".")[0] for family in families})
    return Divergence(
        families=tuple(
            _family(family, [(id, sums) for name, id, sums in rows if name == family]) for family in families
        ),
        kinds=tuple(_kind(kind, [row for row in rows if row[0].split(".")[0] == kind]) for kind in kinds),
        overall=_family("all", [(family, sums) for family, _, sums in rows]),
        spots=tuple(spot for _, _, spot in sorted(worst, reverse=True) if spot.nats > 0),
    )


@torch.inference_mode()
def token_kl(
    before: Any, after: Any, token_ids: Sequence[Sequence[int]], starts: Sequence[int] = ()
) -> Iterator[tuple[int, TokenKL]]:
    """For each sequence, in no set order, its index and the divergence after each of its tokens, or after each from
    the position on that ``starts`` gives for it."""
    models = (before, after)
    vocabulary = max(model.get_output_embeddings().weight.shape[0] for model in models)
    for batch in _batches([len(ids) for ids in token_ids], vocabulary):
        longest = max(len(token_ids[i]) for i in batch)
        # Padding stands on the right, where a causal model does not look.
        ids = torch.tensor([[*token_ids[i], *[token_ids[i][-1]] * (longest - len(token_ids[i]))] for i in batch])
        kept = longest - min((starts[i] for i in batch), default=0) if starts else longest
        p_BTV, q_BTV = (model(input_ids=ids.to(model.device), **_quiet(model, kept)).logits for model in models)
        # Where one vocabulary is padded further than the other, what is beyond is no token.
        width = min(p_BTV.shape[-1], q_BTV.shape[-1])
        for row, i in enumerate(batch):
            length, begin = len(token_ids[i]), starts[i] if starts else 0
            # What is kept ends with the longest sequence; models that keep all begin at 0.
            p_TV, q_TV = (logits[row, begin - longest :, :width] for logits in (p_BTV, q_BTV))
            parts = [
                _compare(p_TV[start:stop], q_TV[start:stop].to(p_TV.device))
                for start in range(0, length - begin, ROWS)
                for stop in (min(start + ROWS, length - begin),)
            ]
            yield i, TokenKL(*(torch.cat(part).cpu() for part in zip(*parts, strict=True)))


def _compare(before_TV: Tensor, after_TV: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    p_TV, q_TV = (part.double().log_softmax(-1) for part in (before_TV, after_TV))
    forward = (q_TV.exp() * (q_TV - p_TV)).sum(-1).clamp(min=0)
    backward = (p_TV.exp() * (p_TV - q_TV)).sum(-1).clamp(min=0)
    return forward, backward, p_TV.argmax(-1), q_TV.argmax(-1)


def _batches(lengths: Sequence[int], vocabulary: int) -> Iterator[list[int]]:
    """Sequences of like length together, so that padded rows times vocabulary stay within bounds."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] * vocabulary > LOGITS_AT_ONCE:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _quiet(model: Any, kept: int) -> dict[str, Any]:
    known = inspect.signature(model.forward).parameters
    quiet = {"use_cache": False} if "use_cache" in known or "kwargs" in known else {}
    return {**quiet, "logits_to_keep": kept} if "logits_to_keep" in known else quiet


def _kind(name: str, rows: Sequence[tuple[str, str, tuple[float, ...]]]) -> FamilyDivergence:
    """Over families; over prompts where the kind has a single one."""
    single = len({family for family, _, _ in rows}) == 1
    return _family(name, [(id if single else family, sums) for family, id, sums in rows])


def _family(name: str, rows: Sequence[tuple[str, tuple[float, ...]]]) -> FamilyDivergence:
    """Means of (cluster, (forward, backward, last, other, tokens))."""
    forward, backward, last, other = (
        clustered_mean((cluster, sums[at], 1.0 if at == 2 else sums[4]) for cluster, sums in rows) for at in range(4)
    )
    return FamilyDivergence(name, *(replace(mean, low=max(0.0, mean.low)) for mean in (forward, backward, last, other)))
