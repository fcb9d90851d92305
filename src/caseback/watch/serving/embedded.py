"""A subject that caseback serves itself, with its detectors reading every forward pass.

``Embedded`` is asked like any server behind a gateway: it takes a request and gives an answer that has begun, with a
status, headers, and bytes to be read. What the detectors said is complete before the last bytes are given.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from caseback.detectors.faults import UNASKED
from caseback.detectors.scored import Scored
from caseback.errors import CasebackError
from caseback.subject.batchable import positions_depend_on_batch
from caseback.subject.context import context_length
from caseback.subject.generate import make_row
from caseback.subject.open_subject import OpenSubject
from caseback.subject.stops import Ends, cut
from caseback.subject.subject import Reply
from caseback.watch.entry import Ended
from caseback.watch.serving import answer
from caseback.watch.serving.ask import Ask, read_ask
from caseback.watch.serving.counted import Counted
from caseback.watch.serving.engine import WAITING, Engine
from caseback.watch.serving.refused import RefusedError, error_body
from caseback.watch.serving.said import Said
from caseback.watch.serving.seat import Seat
from caseback.watch.serving.ticket import Grown, Ticket, Tickets, joined
from caseback.watch.serving.watched import Places, Watched, growing, places, prompt_check, verdicts, watch
from caseback.watch.verdict import Verdict
from caseback.watch.watching import Watching, verdict_from

LOG = logging.getLogger(__name__)
CHAT, MODELS = "/v1/chat/completions", "/v1/models"
Headers = Sequence[tuple[bytes, bytes]]
JSON: Headers = ((b"content-type", b"application/json"),)
EVENTS: Headers = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))


class Asked(Protocol):
    """A request as a gateway hands it on; ``scores`` says whether the client may see the scores of tokens."""

    @property
    def id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def scores(self) -> bool: ...


class Whole:
    """An answer in one piece."""

    def __init__(self, status: int, body: bytes, headers: Headers = JSON, verdicts: tuple[Verdict, ...] = ()) -> None:
        self.status, self.headers, self.streamed, self.verdicts = status, headers, False, verdicts
        self.ended: Ended = "whole" if status < 400 else "refused" if status < 500 else "upstream broke"
        self._body = body

    async def read(self) -> bytes:
        """All of it, then nothing."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Nothing is under way."""


class Stream:
    """An answer that is streamed as it is made.

    ``verdicts`` is complete, and ``over`` true, as soon as ``read`` has given the last bytes.
    """

    status, headers, streamed = 200, EVENTS, True

    def __init__(self, exchange: "_Exchange", first: Grown) -> None:
        self.verdicts: tuple[Verdict, ...] = ()
        self.ended: Ended = "whole"
        self._exchange, self.over = exchange, False
        self._next: Grown | None = first
        self._waiting: list[Grown] = []
        self._begun = False

    async def read(self) -> bytes:
        """The next events, as soon as there are any; empty at the end."""
        if self.over:
            return b""
        if not self._begun:
            self._begun = True
            return answer.first_event(self._exchange.form)
        exchange = self._exchange
        while True:
            grown, self._next = self._next or await exchange.ticket.grown(), None
            self._waiting.append(grown)
            exchange.said.add(grown.tokens)
            delta = exchange.said.delta(grown.done)
            made = b""
            if delta or grown.done:
                one = joined(self._waiting)
                self._waiting.clear()
                pieces = exchange.said.pieces[-len(one.tokens) :] if one.tokens else []
                if delta or (one.tokens and (exchange.form.scores or exchange.form.ask.logprobs)):
                    made = answer.event(exchange.form, delta, one, pieces)
            if grown.done:
                return made + self._end()
            if made:
                return made

    def close(self) -> None:
        """The client wants no more. Of what was made until then ``verdicts`` tells; nothing happens after the end."""
        if not self.over:
            self.over = True
            self._exchange.leave()
            self.verdicts = self._exchange.verdicts()

    def _end(self) -> bytes:
        self.over = True
        seat = self._exchange.ticket.seat
        if seat.error or seat.cancelled:
            self.ended = "upstream broke"
            why = seat.error or "the model was shut down"
            self.verdicts = self._exchange.verdicts()
            return answer.error_event(error_body(500, why, code="engine_failed"))
        self.ended = "stopped" if seat.stopped else "whole"
        self.verdicts = self._exchange.verdicts()
        return answer.last_events(self._exchange.form, self._exchange.reply(), self._exchange.finish, self.verdicts)


class _Exchange:
    """A request and its answer under way."""

    def __init__(self, home: "Embedded", form: answer.Form, where: Places, ticket: Ticket) -> None:
        self.home, self.form, self.where, self.ticket = home, form, where, ticket
        ask = form.ask
        self.stops = (*ask.sampling.stop, *ask.format.stops)
        self.said = Said(ask.format, ask.prompt.thinking, self.stops)

    @property
    def finish(self) -> str:
        """As OpenAI calls it."""
        return "content_filter" if self.ticket.seat.stopped else self.ticket.seat.row.finish or "length"

    def reply(self) -> Reply:
        """The reply as ``OpenSubject.generate`` gives it."""
        row, ask = self.ticket.seat.row, self.form.ask
        thinking, text = ask.format.split(cut(ask.format.decode(row.tokens), self.stops), ask.prompt.thinking)
        return Reply(text, thinking, row.finish or "length", tuple(row.tokens), tuple(row.logprobs), len(row.prompt))

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the detectors say of it."""
        try:
            return verdicts(self.home.watched, self.form.ask, self.where, self.ticket.seat, self.reply())
        except Exception as error:  # a detector is never in the way
            LOG.exception(UNASKED)
            return self.home.untold(f"{UNASKED}: {type(error).__name__}: {error}"[:300])

    def leave(self) -> None:
        """Ends it, if it has not ended."""
        self.home.engine.cancel(self.ticket.seat)
        self.home.tickets.drop(self.ticket)


class Embedded:
    """Serves a subject. Made by ``serve``; to be closed."""

    def __init__(self, subject: OpenSubject, watched: Watched, name: str, waiting: int) -> None:
        self.subject, self.watched, self.name = subject, watched, name
        self.tickets = Tickets()
        self.engine = Engine(subject, watched.prompts, watched.replies, self.tickets.tell, waiting)
        self.engine.start()

    @property
    def serves(self) -> str:
        """Digest of the model."""
        return self.subject.digest

    async def __call__(self, asked: Asked) -> Whole | Stream:
        """Answers a request. Never fails: what is wrong with a request is an answer too."""
        try:
            if asked.path == MODELS and asked.method == "GET":
                return Whole(200, msgspec.json.encode(self.models()))
            if asked.path != CHAT:
                raise RefusedError(404, f"no {asked.path:.80} here; there are {CHAT} and {MODELS}", code="not_found")
            if asked.method != "POST":
                raise RefusedError(405, f"{CHAT} takes POST, not {asked.method}")
            return await self.chat(_decoded(asked.body), asked.id, asked.scores)
        except RefusedError as refused:
            headers = [*JSON, (b"retry-after", b"1")] if refused.status == 503 else JSON
            body = error_body(refused.status, refused.message, refused.param, refused.code)
            untold = self.untold(refused.message) if refused.status >= 500 else ()
            return Whole(refused.status, msgspec.json.encode(body), headers, untold)

    async def chat(self, body: Any, exchange: str, scores: bool = False) -> Whole | Stream:
        """Answers a chat completion; returns once the answer has begun.

        Args:
            body: The request, decoded.
            exchange: Its id.
            scores: Whether the answer carries scores of tokens.

        Raises:
            RefusedError: the request is malformed or too long, or too many wait.
        """
        ask = read_ask(body, self.subject, (self.name, self.subject.name))
        where = places(self.watched, self.subject, ask)
        ticket = Ticket(self._seat(ask, where, scores), ask.streamed, asyncio.get_running_loop())
        going = _Exchange(self, answer.form(exchange, self.name, ask, self.watched, scores), where, ticket)
        self.tickets.add(ticket)
        try:
            self.engine.submit(ticket.seat)
            first = await ticket.grown()
        except BaseException:  # the client left, or it was refused: nobody waits for it any more
            going.leave()
            raise
        seat = ticket.seat
        if seat.done and (seat.error or seat.cancelled):
            raise RefusedError(500, seat.error or "the model was shut down", code="engine_failed")
        if ask.streamed:
            return Stream(going, first)
        said, reply = going.verdicts(), going.reply()
        pieces = going.said.add(list(reply.tokens)) if scores or ask.logprobs else []
        answered = Whole(200, answer.whole(going.form, seat, reply, going.finish, pieces, said), verdicts=said)
        answered.ended = "stopped" if seat.stopped else "whole"
        return answered

    def untold(self, why: str) -> tuple[Verdict, ...]:
        """Verdicts on an exchange that could not be read."""
        return tuple(verdict_from(each, Scored(None, why)) for each in self.watched.watchings)

    def models(self) -> Mapping[str, Any]:
        """The one model, as ``/v1/models`` lists it."""
        one = {"id": self.name, "object": "model", "created": 0, "owned_by": "caseback", "digest": self.subject.digest}
        return {"object": "list", "data": [one]}

    def close(self, seconds: float = 30.0) -> None:
        """Answers what is under way, for at most so long, and ends. Waits; not for an event loop's thread."""
        self.engine.close(seconds)

    def _seat(self, ask: Ask, where: Places, scores: bool) -> Seat:
        watched = self.watched
        stops = (*ask.sampling.stop, *ask.format.stops)
        grows = watched.replies is not None and (scores or watched.stops)
        return Seat(
            make_row(ask.prompt.ids, ask.sampling.max_new_tokens, ask.sampling, ask.seed),
            ask.sampling,
            Ends(ask.format.tokenizer, ask.format.end_ids, stops),
            Counted(ask.format, ask.prompt.thinking),
            watched.replies is not None,
            where.start,
            watched.limits,
            growing(watched) if grows else None,
            prompt_check(watched, where),
        )


def serve(
    subject: OpenSubject, watching: Sequence[Watching] = (), *, name: str = "", waiting: int = WAITING
) -> Embedded:
    """Begins to serve a subject, which nothing else may use meanwhile.

    Args:
        watching: Detectors at work. Those that need activations read every pass; those that read text alone are left
            to whoever asks for answers.
        name: Under which clients ask for the model; by default that of its folder.
        waiting: Requests that may wait for a place.

    Raises:
        CasebackError: its architecture takes no unequal rows in one batch.
    """
    limit = context_length(subject.model)
    if not subject.batches or (limit and positions_depend_on_batch(subject.model, limit)):
        raise CasebackError(
            f"{subject.name}: this architecture takes no unequal rows in one batch, so it cannot be served here: put "
            "caseback in front of a server that runs it"
        )
    return Embedded(subject, watch(subject, watching), name or Path(subject.name).name, waiting)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, f"the body is no JSON ({error})", code="invalid_json") from None
