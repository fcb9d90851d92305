"""The requests that are being answered, in one cache: each step every one of them grows by a token.

All rows end at the same column. A request that is done leaves its place in the cache; the next one is put there, its
keys and values copied in behind it, and nothing else is moved. Only where there is no free place, or where what is done
left the cache much wider than what lives, is all of it packed anew.
"""

import torch
from torch import Tensor
from transformers.cache_utils import Cache

from caseback.subject.context import context_length
from caseback.subject.generate import Forward
from caseback.subject.kv_cache import HEADROOM, column_cache, placed, repacked
from caseback.watch.serving.plan import Plan
from caseback.watch.serving.reading import Reading, finished
from caseback.watch.serving.seat import Seat
from caseback.watch.serving.step import extend

SLACK = 64
"""Columns that nobody needs any more, beyond which the cache is packed anew."""


class Batch:
    """Seats by place; a free place is None. Not for several threads."""

    def __init__(self, forward: Forward, reading: Reading, plan: Plan | None) -> None:
        self.forward, self.reading, self.plan = forward, reading, plan
        self.context = context_length(forward.model)
        self.seats: list[Seat | None] = []
        self.cache: Cache = column_cache()
        self.mask = torch.empty(0)
        self.positions = torch.empty(0)

    @property
    def live(self) -> list[int]:
        """Places of requests that are not done."""
        return [at for at, seat in enumerate(self.seats) if seat is not None]

    def leave(self) -> list[Seat]:
        """Frees the places of those that are done, and gives these."""
        done = [at for at, seat in enumerate(self.seats) if seat is not None and seat.done]
        left = [seat for at in done if (seat := self.seats[at]) is not None]
        for at in done:
            self.seats[at] = None
        return left

    def admit(self, seats: list[Seat], cache: Cache) -> None:
        """Takes in requests of which all but the newest token is in ``cache``, in its newest columns."""
        free = [at for at, seat in enumerate(self.seats) if seat is None]
        used = self.cache.get_seq_length() if self.seats else 0
        lengths = [seat.row.length - 1 for seat in seats]
        if len(free) < len(seats) or max(lengths) > used or self._slack() > SLACK:
            self._pack(seats, cache)
            return
        for number, (seat, at, length) in enumerate(zip(seats, free, lengths, strict=False)):
            placed(cache, number, self.cache, at, length)
            self.seats[at] = seat
            self.mask[at, :used] = 0
            self.mask[at, used - length : used] = 1
            self.positions[at] = length
        self._widen(used + max(seat.row.budget for seat in seats) + 1)

    def step(self) -> None:
        """One token for every request; those that are done afterwards are still in their places."""
        used = self.cache.get_seq_length()
        if self._slack() > SLACK or (self.context is not None and used >= self.context):
            self._pack([], None)
            used = self.cache.get_seq_length()
        device = self.forward.device
        newest = torch.tensor([[seat.row.tokens[-1] if seat else 0] for seat in self.seats], device=device)
        reads = self.plan is not None and any(seat is not None and seat.reply_read for seat in self.seats)
        if reads and self.plan is not None:
            self.reading.begin(self.plan)
        try:
            logits = self.forward(newest, self.mask[:, : used + 1], self.positions, self.cache)
        finally:
            scores = self.reading.end(len(self.seats)) if reads else None
        live = self.live
        now = scores
        if scores is not None and self.plan is not None and any(seat and seat.growing for seat in self.seats):
            now = finished(self.plan, scores)
        for at in live:
            seat = self.seats[at]
            if seat is not None and seat.reply_read and not seat.done and scores is not None:
                seat.read((scores if seat.growing is None or now is None else now)[at], self.reading.failed)
        # Places that are free stay where they are, lest they step out of a table of positions.
        self.positions += torch.tensor([[int(seat is not None)] for seat in self.seats], device=device)
        grown = [at for at in live if (seat := self.seats[at]) and not seat.done and seat.row.finish is None]
        if grown:
            rows = logits if len(grown) == len(logits) else logits[torch.tensor(grown, device=device)]
            extend(self.forward, [seat for at in grown if (seat := self.seats[at])], rows)

    def clear(self) -> list[Seat]:
        """Empties the batch, and gives those that were in it."""
        seats = [seat for seat in self.seats if seat is not None]
        self.seats, self.cache = [], column_cache()
        return seats

    def _slack(self) -> int:
        """Columns in use beyond what the longest needs."""
        longest = max((seat.row.length for seat in self.seats if seat), default=0)
        return self.cache.get_seq_length() - longest if self.seats else 0

    def _pack(self, seats: list[Seat], cache: Cache | None) -> None:
        live = self.live
        parts: list[tuple[Cache, Tensor | None]] = []
        if live:
            parts.append((self.cache, torch.tensor(live, device=self.forward.device)))
        if cache is not None:
            parts.append((cache, None))
        self.seats = [*(self.seats[at] for at in live), *seats]
        rows = [seat.row for seat in self.seats if seat]
        # The newest token of a row is not in the cache yet: the next step puts it there.
        lengths = torch.tensor([row.length - 1 for row in rows], device=self.forward.device)
        width = int(lengths.max())
        self.cache = repacked(parts, width)
        room = width + max(row.budget for row in rows) + HEADROOM
        self.mask = torch.ones(len(rows), room, device=self.forward.device, dtype=torch.long)
        self.mask[:, :width] = (torch.arange(width, device=self.forward.device) >= width - lengths[:, None]).long()
        self.positions = lengths[:, None].clone()

    def _widen(self, columns: int) -> None:
        if columns > self.mask.shape[1]:
            more = self.mask.new_ones(len(self.mask), columns - self.mask.shape[1] + HEADROOM)
            self.mask = torch.cat([self.mask, more], 1)
