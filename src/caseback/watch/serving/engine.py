"""One thread that answers many requests at once: they join and leave between steps.

Another thread asks by ``submit`` and is told by callbacks, which run in the engine's thread and must not wait. A step
that fails is tried again for each request by itself, and ends only those that fail alone.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers.cache_utils import Cache

from caseback.subject.batchable import MAX_ROWS, cache_columns
from caseback.subject.generate import Forward, prefill
from caseback.subject.kv_cache import HEADROOM
from caseback.subject.open_subject import OpenSubject
from caseback.watch.serving.batch import Batch
from caseback.watch.serving.plan import Plan
from caseback.watch.serving.prefill import PIECE, Piecewise, next_group, prefill_group, prefill_piece
from caseback.watch.serving.reading import Reading
from caseback.watch.serving.refused import RefusedError
from caseback.watch.serving.seat import Seat

LOG = logging.getLogger(__name__)
WAITING = 256
"""Requests that may wait for a place."""
TOGETHER, PATIENCE = 4, 8
"""A prompt waits until there are such prompts for one in so many of those that are answered, or for so many steps."""


@dataclass(frozen=True)
class Load:
    """Requests that are being answered, that wait, and tokens made since the start."""

    answered: int
    waiting: int
    tokens: int


class Engine:
    """Serves one subject, which must batch unequal rows and is used by nobody else meanwhile.

    ``tell`` gets, after each step, the requests that grew or ended.
    """

    def __init__(
        self,
        subject: OpenSubject,
        prompts: Plan | None,
        replies: Plan | None,
        tell: Callable[[Sequence[Seat]], None],
        waiting: int = WAITING,
    ) -> None:
        self.subject, self.prompts, self.tell, self.most_waiting = subject, prompts, tell, waiting
        self.forward, self.reading = Forward(subject.model), Reading()
        self.plans = [plan for plan in (prompts, replies) if plan is not None]
        self.batch = Batch(self.forward, self.reading, replies)
        self.rows = MAX_ROWS.get(subject.device.type, 64)
        self.columns = cache_columns(subject.model, subject.device)
        self.piece = PIECE.get(subject.device.type, 512)
        self.came: deque[Seat] = deque()
        self.waiting: deque[Seat] = deque()
        self.long: Piecewise | None = None
        self.changed, self.ready = threading.Condition(), threading.Event()
        self.going: set[Seat] = set()
        self.closing = self.cutting = False
        self.died: BaseException | None = None
        self.delayed = 0
        self.tokens = 0
        self.thread = threading.Thread(target=self._run, name="caseback-engine", daemon=True)

    def start(self) -> None:
        """Begins to serve; returns once it has looked at how the model is read.

        Raises:
            Exception: what it found there that it cannot serve with.
        """
        self.thread.start()
        self.ready.wait()
        if self.died is not None:
            raise self.died

    def submit(self, seat: Seat) -> None:
        """Takes a request in, from any thread.

        Raises:
            RefusedError: too many wait already, it is closing, or it has ended.
        """
        with self.changed:
            if self.died is not None:
                raise RefusedError(500, _said(self.died), code="engine_failed")
            if self.closing:
                raise RefusedError(503, "the model is shutting down: ask again later")
            if len(self.came) + len(self.waiting) >= self.most_waiting:
                raise RefusedError(503, f"{self.most_waiting} requests wait already: ask later", code="overloaded")
            self.came.append(seat)
            self.going.add(seat)
            self.changed.notify()

    def cancel(self, seat: Seat) -> None:
        """The client left: the request ends with the next step."""
        seat.cancelled = True

    def load(self) -> Load:
        """How busy it is."""
        return Load(len(self.batch.live), len(self.came) + len(self.waiting) + (self.long is not None), self.tokens)

    def close(self, seconds: float = 30.0) -> None:
        """Takes no more, answers what it has within the time, and cancels the rest."""
        with self.changed:
            self.closing = True
            self.changed.notify()
        self.thread.join(seconds)
        self.cutting = True
        self.thread.join(seconds)

    def _run(self) -> None:
        try:
            with torch.inference_mode(), self.reading.attached(self.subject, *self.plans):
                self.reading.learn(lambda: prefill(self.forward, [[0, 0, 0]]))
                self.ready.set()
                while self._wait():
                    self._turn()
        except BaseException as error:  # nothing may be left waiting for an answer that never comes
            LOG.exception("the engine ended")
            with self.changed:
                self.closing, self.died = True, error
            self.ready.set()
            self._fail(list(self.going), error)

    def _wait(self) -> bool:
        """Takes in who came; waits where there is nothing to do. False at the end."""
        with self.changed:
            if self.cutting:
                for seat in self.going:
                    seat.cancelled = True
            while not (self.came or self.waiting or self.long or self.batch.live):
                if self.closing:
                    return False
                self.changed.wait()
            self.waiting += self.came
            self.came.clear()
        return True

    def _turn(self) -> None:
        self._prefill()
        # Among them those that their prompt has ended, which have no token to go on from.
        self._tell(self.batch.leave())
        if self.batch.live:
            try:
                self.batch.step()
            except Exception as error:
                self._singly(self.batch.clear(), error)
        grown = [seat for seat in self.batch.seats if seat is not None]
        self.tokens += len(grown)
        self.batch.leave()
        self._tell(grown)

    def _tell(self, seats: Sequence[Seat]) -> None:
        if seats:
            self.tell(seats)
            with self.changed:
                self.going.difference_update([seat for seat in seats if seat.done])

    def _prefill(self) -> None:
        """Brings requests into the batch, at most a piece of prompts."""
        gone = [seat for seat in self.waiting if seat.done]
        if gone:
            self.waiting = deque(seat for seat in self.waiting if not seat.done)
            self._tell(gone)
        if self.long is None:
            places = self._places()
            if not self.waiting or places < 1 or self._better_later():
                return
            self.delayed = 0
            if len(self.waiting[0].row.prompt) > self.piece:
                self.long = Piecewise(self.waiting.popleft())
            else:
                self._group(next_group(self.waiting, places, self.piece))
                return
        long = self.long
        try:
            whole = prefill_piece(self.forward, self.reading, self.prompts, long, self.piece)
        except Exception as error:
            self.long = None
            self._fail([long.seat], error)
            return
        if whole or long.seat.done:
            self.long = None
            self._join([long.seat], long.cache, whole)

    def _better_later(self) -> bool:
        """Whether the next prompt waits for company: a pass costs about the same for one prompt as for a few."""
        if len(self.waiting) < len(self.batch.live) // TOGETHER and self.delayed < PATIENCE:
            self.delayed += 1
            return True
        return False

    def _group(self, group: list[Seat]) -> None:
        try:
            cache = prefill_group(self.forward, self.reading, self.prompts, group)
        except Exception as error:
            if len(group) == 1:
                self._fail(group, error)
                return
            for seat in group:
                self._group([seat])
            return
        self._join(group, cache, True)

    def _join(self, seats: list[Seat], cache: Cache, whole: bool) -> None:
        if whole and not all(seat.done for seat in seats):
            self.batch.admit(seats, cache)
        else:
            self._tell(seats)

    def _places(self) -> int:
        """How many more requests fit."""
        live = [seat for seat in self.batch.seats if seat is not None]
        if not self.waiting:
            return 0
        longest = max(len(seat.row.prompt) + seat.row.budget for seat in (*live, self.waiting[0]))
        return max(min(self.rows, self.columns // (longest + HEADROOM)) - len(live), 0 if live else 1)

    def _singly(self, seats: Sequence[Seat], error: Exception) -> None:
        """After a step that failed: each request's cache made again by itself, which fails for those at fault."""
        LOG.warning("a step failed (%s: %s): each request is tried alone", type(error).__name__, error)
        for seat in seats:
            if seat.done:
                self._tell([seat])
                continue
            try:
                cache, _ = prefill(self.forward, [[*seat.row.prompt, *seat.row.tokens[:-1]]])
                alone = Batch(self.forward, self.reading, self.batch.plan)
                alone.admit([seat], cache)
                alone.step()
                self._tell([seat])
                if alone.leave():
                    continue
                self.batch.admit([seat], alone.cache)
            except Exception as again:
                self._fail([seat], again)

    def _fail(self, seats: Sequence[Seat], error: BaseException) -> None:
        for seat in seats:
            seat.error = seat.error or _said(error)
        self._tell(seats)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
