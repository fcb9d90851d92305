"""Prompts on their way into the batch: short ones together, a long one in pieces, between steps of the others."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers.cache_utils import Cache

from caseback.subject.generate import Forward, prefill
from caseback.subject.kv_cache import column_cache
from caseback.watch.serving.plan import Plan
from caseback.watch.serving.pool import Floats
from caseback.watch.serving.reading import Reading, finished
from caseback.watch.serving.seat import Seat
from caseback.watch.serving.step import extend

PIECE = {"cpu": 512, "mps": 1024, "cuda": 4096}
"""Most prompt tokens, padding included, that are computed between two steps."""


@dataclass(eq=False)
class Piecewise:
    """A long prompt, of which ``done`` tokens are in ``cache``, and the scores of those that were read."""

    seat: Seat
    cache: Cache = field(default_factory=column_cache)
    done: int = 0
    scores: list[Floats] = field(default_factory=list)


def next_group(waiting: deque[Seat], places: int, piece: int) -> list[Seat]:
    """The next requests to prefill together, in the order in which they came, and only such as need little padding."""
    group = [waiting.popleft()]
    longest = group[0].row.length
    while waiting and len(group) < places:
        length = waiting[0].row.length
        wider = max(longest, length)
        shorter = min(length, *(seat.row.length for seat in group))
        if wider * (len(group) + 1) > piece or wider - shorter > max(16, wider // 4):
            break
        longest = wider
        group.append(waiting.popleft())
    return group


def prefill_group(forward: Forward, reading: Reading, plan: Plan | None, seats: Sequence[Seat]) -> Cache:
    """Runs the prompts in one pass, reads what is read of them, and draws their first tokens."""
    prompts = [seat.row.prompt for seat in seats]
    width = max(map(len, prompts))
    # Places among all columns, row by row; rows end at the same column.
    wanted = [
        range((at + 1) * width - len(seat.row.prompt) + seat.prompt_from, (at + 1) * width)
        if seat.prompt_from is not None
        else range(0)
        for at, seat in enumerate(seats)
    ]
    places = [place for each in wanted for place in each]
    if plan is not None and places:
        reading.begin(plan, torch.tensor(places, device=forward.device))
    try:
        cache, logits = prefill(forward, prompts)
    finally:
        scores = finished(plan, reading.end(len(places))) if plan is not None and places else None
    at = 0
    for seat, each in zip(seats, wanted, strict=True):
        if scores is not None and len(each):
            seat.failed = seat.failed or reading.failed
            seat.read_prompt([scores[at : (at := at + len(each))]])
    _first(forward, seats, logits)
    return cache


def prefill_piece(forward: Forward, reading: Reading, plan: Plan | None, piecewise: Piecewise, piece: int) -> bool:
    """Runs the next piece of a prompt; whether it is whole now, its first token drawn."""
    seat, start = piecewise.seat, piecewise.done
    stop = min(start + piece, len(seat.row.prompt))
    device = forward.device
    first = stop if seat.prompt_from is None else max(start, seat.prompt_from)
    if plan is not None and first < stop:
        reading.begin(plan, torch.arange(first - start, stop - start, device=device))
    try:
        ids = torch.tensor([seat.row.prompt[start:stop]], device=device)
        mask = torch.ones(1, stop, dtype=torch.long, device=device)
        logits = forward(ids, mask, torch.arange(start, stop, device=device)[None], piecewise.cache)
    finally:
        if plan is not None and first < stop:
            piecewise.scores.append(finished(plan, reading.end(stop - first)))
    seat.failed = seat.failed or (reading.failed if first < stop else "")
    piecewise.done = stop
    if stop < len(seat.row.prompt):
        return False
    if piecewise.scores:
        seat.read_prompt(piecewise.scores)
    _first(forward, [seat], logits)
    return True


def _first(forward: Forward, seats: Sequence[Seat], logits: Tensor) -> None:
    able = [at for at, seat in enumerate(seats) if not seat.done]
    if able:
        extend(forward, [seats[at] for at in able], logits[torch.tensor(able, device=logits.device)])
