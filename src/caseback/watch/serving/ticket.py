"""What an asyncio task waits for while the engine, in another thread, answers its request."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from caseback.watch.serving.pool import Floats
from caseback.watch.serving.seat import Seat


@dataclass(frozen=True, eq=False)
class Grown:
    """New tokens of a reply.

    Attributes:
        tokens: Which.
        logprobs: Of each.
        scores: Of each ``[probes]``; None of one that was not read.
        pools: As the reply's scores would be if it ended here; None where nobody asked, or nothing counts yet.
        done: Whether it has ended.
    """

    tokens: list[int]
    logprobs: list[float]
    scores: list[Floats | None]
    pools: Floats | None
    done: bool


def joined(parts: Sequence[Grown]) -> Grown:
    """Several, one behind the other, as one."""
    if len(parts) == 1:
        return parts[0]
    return Grown(
        [token for part in parts for token in part.tokens],
        [logprob for part in parts for logprob in part.logprobs],
        [scores for part in parts for scores in part.scores],
        parts[-1].pools,
        parts[-1].done,
    )


@dataclass(eq=False)
class Ticket:
    """A request's place between the two threads. ``told`` tokens have been handed over."""

    seat: Seat
    streamed: bool
    loop: asyncio.AbstractEventLoop
    queue: "asyncio.Queue[Grown]" = field(default_factory=asyncio.Queue)
    told: int = 0

    async def grown(self) -> Grown:
        """What came since: several steps at once where they came faster than they are asked for."""
        parts = [await self.queue.get()]
        while not self.queue.empty():
            parts.append(self.queue.get_nowait())
        return joined(parts)


class Tickets:
    """All requests under way. ``tell`` runs in the engine's thread; each event loop is woken once a step."""

    def __init__(self) -> None:
        self.by_seat: dict[Seat, Ticket] = {}

    def add(self, ticket: Ticket) -> None:
        """From now on it is told."""
        self.by_seat[ticket.seat] = ticket

    def drop(self, ticket: Ticket) -> None:
        """Nobody listens any more."""
        self.by_seat.pop(ticket.seat, None)

    def tell(self, seats: Sequence[Seat]) -> None:
        """Hands on what is new of these requests."""
        news: dict[asyncio.AbstractEventLoop, list[tuple[Ticket, Grown]]] = {}
        for seat in seats:
            ticket = self.by_seat.get(seat)
            if ticket is None or not (seat.done or ticket.streamed):
                continue
            start, stop = ticket.told, seat.known
            if stop > start or seat.done:
                scores = [seat.scores[at] if at < len(seat.scores) else None for at in range(start, stop)]
                row = seat.row
                pools = seat.pools[-1] if seat.pools else None
                grown = Grown(row.tokens[start:stop], row.logprobs[start:stop], scores, pools, seat.done)
                news.setdefault(ticket.loop, []).append((ticket, grown))
                ticket.told = stop
            if seat.done:
                self.by_seat.pop(seat, None)
        for loop, each in news.items():
            with contextlib.suppress(RuntimeError):  # a loop that was closed has nobody left who listens
                loop.call_soon_threadsafe(_hand_over, each)


def _hand_over(news: list[tuple[Ticket, Grown]]) -> None:
    for ticket, grown in news:
        ticket.queue.put_nowait(grown)
