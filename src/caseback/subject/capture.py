"""Reads activations out of a model, fast and in bounded memory.

Inputs are taken in windows. Within a window they are sorted by length and cut into batches such that
padding plus the fixed cost of a call is least. Padding goes to the right, where causal attention never looks, so no
attention mask is needed and the fastest kernels run. The forward pass ends as soon as the last wanted activation is
there; the head never runs.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from caseback.errors import CasebackError
from caseback.subject.layers import Decoder, device_of, find_decoder
from caseback.subject.site import Place, Site, find_place, tap

WINDOW = 16_384
"""Tokens (or four batches, if more) held at once, so that lengths can be sorted and the order of results kept."""

Positions = Literal["all", "last"] | Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class Captured:
    """Activations of one input.

    Attributes:
        index: Its number among the inputs.
        positions: The token positions captured, in the order of the rows below.
        at: For each site a tensor [tokens, d], at ``heads`` [tokens, n_heads, d_head], on the model's device.
    """

    index: int
    positions: Sequence[int]
    at: dict[Site, Tensor]


class _LastSiteReachedError(Exception):
    """Ends a forward pass from within. Never leaves this module."""


def capture(
    model: nn.Module,
    token_ids: Sequence[Sequence[int]],
    sites: Sequence[Site],
    *,
    batch_tokens: int | None = None,
    dtype: torch.dtype | None = None,
    positions: Positions = "all",
) -> Iterator[Captured]:
    """Activations of ``model`` at ``sites`` for each input, in order.

    Values are those of the model's own forward pass in its own precision, without gradients. ``intervene`` may be
    active around it. The model must be in eval mode.

    Args:
        model: A decoder language model of transformers.
        token_ids: One sequence of token ids per input, without padding.
        sites: What to read; any number, of any kinds and layers.
        batch_tokens: Most tokens in a forward pass, padding included (one longer input makes a pass of its own).
            Default 1,024 on a CPU, where larger activations fall out of the caches, and 8,192 elsewhere. The
            activations of 16,384 tokens, or of four batches if that is more, are held at once.
        dtype: Of the results; default that of the model.
        positions: ``"all"`` tokens, the ``"last"`` of each input, or for each input the positions wanted, e.g. a
            ``range``; negative ones count from its end.

    Raises:
        CasebackError: a site is not in the model, an input is empty or does not fit it, or a hook never fired.
    """
    decoder = find_decoder(model)
    places = [find_place(decoder, site) for site in dict.fromkeys(sites)]
    if not places:
        raise CasebackError("no sites to capture: name at least one, e.g. Site('resid_post', 6)")
    if model.training:
        raise CasebackError("the model is in training mode, where dropout makes activations random: call model.eval()")
    device = device_of(decoder.embedding)
    if batch_tokens is None:
        batch_tokens = 1_024 if device.type == "cpu" else 8_192
    if batch_tokens < 1:
        raise CasebackError(f"batch_tokens is {batch_tokens}: at least one token must fit into a batch")
    wanted = [_wanted(index, ids, positions, len(token_ids)) for index, ids in enumerate(token_ids)]
    _check_inputs(decoder, token_ids)
    return _windows(decoder, places, token_ids, wanted, batch_tokens, dtype, device)


def _windows(
    decoder: Decoder,
    places: list[Place],
    token_ids: Sequence[Sequence[int]],
    wanted: list[Sequence[int]],
    batch_tokens: int,
    dtype: torch.dtype | None,
    device: torch.device,
) -> Iterator[Captured]:
    # The fixed cost of a call, in tokens: reading the weights once, and Python. Measured on a CPU (12 to 32 tokens);
    # elsewhere launching kernels weighs more.
    call_cost = 32 if device.type == "cpu" else batch_tokens // 32
    for start, stop in _cut(token_ids, max(WINDOW, 4 * batch_tokens)):
        results: dict[int, Captured] = {}
        for batch in plan_batches([len(ids) for ids in token_ids[start:stop]], batch_tokens, call_cost):
            indices = [start + i for i in batch]
            rows = [token_ids[i] for i in indices]
            at = _forward(decoder, places, rows, [wanted[i] for i in indices], dtype, device)
            for row, index in enumerate(indices):
                results[index] = Captured(index, wanted[index], {site: parts[row] for site, parts in at.items()})
        for index in range(start, stop):
            yield results.pop(index)


def plan_batches(lengths: Sequence[int], batch_tokens: int, call_cost: int) -> list[list[int]]:
    """Cuts inputs, sorted by length, into batches such that padded tokens plus ``call_cost`` per batch is least.

    No batch has more than ``batch_tokens`` tokens after padding, unless it is a single input. Returns lists of indices
    into ``lengths``. Exact, by dynamic programming: best[n] is the least cost of the n shortest inputs.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    best = np.zeros(len(order) + 1)
    first = np.zeros(len(order) + 1, dtype=int)
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        starts = np.arange(max(0, end - max(1, batch_tokens // longest)), end)
        costs = best[starts] + (end - starts) * longest + call_cost
        choice = int(costs.argmin())
        best[end], first[end] = costs[choice], starts[choice]
    batches, end = [], len(order)
    while end:
        batches.append(order[first[end] : end])
        end = int(first[end])
    return batches


def _cut(token_ids: Sequence[Sequence[int]], tokens: int) -> Iterator[tuple[int, int]]:
    """Runs of consecutive inputs of about ``tokens`` tokens each."""
    start = total = 0
    for index, ids in enumerate(token_ids):
        total += len(ids)
        if total >= tokens:
            yield start, index + 1
            start, total = index + 1, 0
    if start < len(token_ids):
        yield start, len(token_ids)


@torch.no_grad()
def _forward(
    decoder: Decoder,
    places: list[Place],
    rows: list[Sequence[int]],
    wanted: list[Sequence[int]],
    dtype: torch.dtype | None,
    device: torch.device,
) -> dict[Site, list[Tensor]]:
    """One forward pass; for each site the wanted activations of each row, copied so that padding is let go."""
    longest = max(map(len, rows))
    # Padding repeats a token of the row itself: whatever it is, it is in the vocabulary, and nothing attends to it.
    ids = torch.tensor([[*row, *[row[-1]] * (longest - len(row))] for row in rows], device=device)
    found: dict[Site, list[Tensor]] = {}

    def read(place: Place, activations: Tensor) -> None:
        if place.site in found:
            raise CasebackError(f"site {place.site} was computed twice in one pass: the model shares this module")
        whole = activations.reshape(*ids.shape, *place.shape)
        found[place.site] = [_take(whole[row], select, dtype) for row, select in enumerate(wanted)]
        if len(found) == len(places):
            raise _LastSiteReachedError

    with ExitStack() as hooks:
        for place in places:
            hooks.callback(tap(place, partial(read, place)).remove)
        try:
            decoder.stack(input_ids=ids, attention_mask=_mask(decoder, rows, ids), use_cache=False)
        except _LastSiteReachedError:
            return found
    missing = ", ".join(str(place.site) for place in places if place.site not in found)
    raise CasebackError(f"the forward pass never computed {missing}: a fused kernel may stand in for the module")


def _mask(decoder: Decoder, rows: list[Sequence[int]], ids: Tensor) -> Tensor | None:
    """An attention mask, needed only where a hook on the stack, as of ``intervene``, must tell padding from tokens."""
    lengths = torch.tensor([len(row) for row in rows], device=ids.device)
    if not decoder.stack._forward_pre_hooks or bool((lengths == ids.shape[1]).all()):
        return None
    return (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]).long()


def _take(row: Tensor, select: Sequence[int], dtype: torch.dtype | None) -> Tensor:
    if isinstance(select, range) and select.step == 1:
        part = row[select.start : select.stop]
    else:
        part = row[torch.tensor(select, dtype=torch.long, device=row.device)]
    return part.to(dtype or row.dtype, copy=True)


def _wanted(index: int, ids: Sequence[int], positions: Positions, n_inputs: int) -> Sequence[int]:
    """The positions to capture of input ``index``, counted from its start."""
    if len(ids) == 0:
        raise CasebackError(f"input {index} has no tokens: leave it out")
    if positions == "all":
        return range(len(ids))
    if positions == "last":
        return range(len(ids) - 1, len(ids))
    if isinstance(positions, str) or len(positions) != n_inputs:
        raise CasebackError('positions is "all", "last", or one sequence of positions for each input')
    chosen = positions[index]
    outside = [p for p in chosen if not -len(ids) <= p < len(ids)]
    if outside:
        raise CasebackError(f"input {index} has {len(ids)} tokens, so it has no position {outside[0]}")
    if isinstance(chosen, range) and chosen.step == 1 and chosen.start >= 0:
        return chosen
    return [p % len(ids) for p in chosen]


def _check_inputs(decoder: Decoder, token_ids: Sequence[Sequence[int]]) -> None:
    """Ids in the vocabulary, lengths within a table of positions: on a GPU the model itself would die of it."""
    vocabulary = int(getattr(decoder.embedding, "num_embeddings", 0)) or math.inf
    limit = int(getattr(decoder.stack.config, "max_position_embeddings", 0))
    tables = [m for m in decoder.stack.children() if isinstance(m, nn.Embedding) and m is not decoder.embedding]
    longest = limit if any(table.num_embeddings >= limit > 0 for table in tables) else math.inf
    for index, ids in enumerate(token_ids):
        if len(ids) > longest:
            raise CasebackError(f"input {index} has {len(ids)} tokens: the model has positions for {longest}")
        low, high = min(ids), max(ids)
        if low < 0 or high >= vocabulary:
            wrong = low if low < 0 else high
            raise CasebackError(f"input {index} has token id {wrong}: the model's vocabulary has {vocabulary}")
