"""What the gateway writes down: one entry a happening, in the order in which they happened."""

from dataclasses import dataclass
from typing import Literal

from caseback.watch.verdict import Verdict

Ended = Literal["whole", "client left", "upstream broke", "stopped", "held", "refused"]
"""How an exchange ended: all of it reached the client; the client went away; what answers broke off or never answered;
a detector ended it; it waits for a person; the gateway itself refused it (a wrong key, too large, malformed)."""


@dataclass(frozen=True)
class Opened:
    """A gateway began to serve.

    Attributes:
        gateway: Its id, new at each start.
        time: Unix time in seconds.
        serves: The address that it stands in front of, or the digest of the model that it serves itself.
    """

    gateway: str
    time: float
    serves: str


@dataclass(frozen=True)
class Begun:
    """A request came. One that is never followed by its ``Carried`` was lost with the gateway."""

    id: str
    time: float


@dataclass(frozen=True)
class Carried:
    """An exchange as it went, in the bytes that went. Written before the client gets the last of them.

    Attributes:
        id: Names the exchange, everywhere and for ever; ids sort by time.
        time: When the request came, Unix time in seconds.
        client: Name of the key that asked.
        trace: What exchanges of one task share (``traceparent``); empty without.
        agent: Which agent of the task asked (``X-Caseback-Agent``); empty without.
        path: Such as ``/v1/chat/completions``.
        status: Of the answer, as HTTP has it.
        ended: How.
        streamed: Whether ``response`` is a stream of events.
        request: The request's body.
        response: The body of the answer: JSON, or the events of a stream. Where it broke off, what there was.
        first_ms: Milliseconds until the first byte of the answer; None where none came.
        total_ms: Milliseconds until the last.
        verdicts: Of detectors that had their say in the gateway; the others score it afterwards.
        left_out: Bytes of the answer that passed and are not in ``response``, which is then its beginning alone.
    """

    id: str
    time: float
    client: str
    trace: str
    agent: str
    path: str
    status: int
    ended: Ended
    streamed: bool
    request: bytes
    response: bytes
    first_ms: float | None
    total_ms: float
    verdicts: tuple[Verdict, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Missed:
    """Exchanges that were served and could not be written down.

    Attributes:
        begun: When the first came.
        ended: When the last was over.
        exchanges: How many.
        why: Why.
        ids: Of those among them whose ``Begun`` was written: they are missed, and not lost.
    """

    begun: float
    ended: float
    exchanges: int
    why: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beat:
    """The gateway was alive at this time. What lies between the last beat and the next ``Opened`` was not watched."""

    time: float


@dataclass(frozen=True)
class Closed:
    """The gateway ended in order."""

    time: float


Entry = Opened | Begun | Carried | Missed | Beat | Closed
