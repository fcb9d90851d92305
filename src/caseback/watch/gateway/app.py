"""The gateway as an ASGI application: who asks, what for, and who answers."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from caseback.errors import CasebackError
from caseback.watch.configuration import Configuration
from caseback.watch.entry import Carried
from caseback.watch.gateway import filtered
from caseback.watch.gateway.answer import Answers, Asked
from caseback.watch.gateway.clients import Bucket, Clients
from caseback.watch.gateway.going import Going
from caseback.watch.gateway.headers import Headers, agent_name, onward, single, trace_id
from caseback.watch.gateway.held import held
from caseback.watch.gateway.ids import Ids
from caseback.watch.gateway.keys import Key
from caseback.watch.gateway.metrics import TYPE, Metrics, rendered
from caseback.watch.gateway.openapi import document
from caseback.watch.gateway.out import Out, Send
from caseback.watch.gateway.records import Records
from caseback.watch.gateway.refused import ClientLeftError, RefusedError, error_body
from caseback.watch.gateway.relay import READ, Relay
from caseback.watch.gateway.request import Receive, body_of, checked

if TYPE_CHECKING:  # detectors load torch, which a gateway that scores nothing itself does without
    from caseback.watch.gateway.inline import Readers

EXCHANGES = (READ, "/v1/completions", "/v1/embeddings")
"""What is passed on and written down."""
MODELS, HELD = "/v1/models", "/v1/held/"
STRANGERS = 60.0
"""Requests a minute without a valid key whose refusal is written down."""
PLAIN = ("/health", "/ready", "/metrics", "/openapi.json", MODELS)


class Gateway:
    """Call it as ASGI says.

    Attributes:
        draining: Whether it is about to end.
        going: Exchanges under way.
    """

    def __init__(
        self, configuration: Configuration, clients: Clients, answers: Answers, records: Records,
        readers: "Readers | None" = None,
    ) -> None:  # fmt: skip
        self._configuration, self._clients, self._records = configuration, clients, records
        self._limits, self._reads = configuration.limits, readers is not None
        self._origins = frozenset(each.encode() for each in configuration.origins)
        holds = any(each.policy == "hold" for each in configuration.detectors)
        self._relay = Relay(answers, self._carried, self._limits, configuration.held, readers, holds)
        self._unwritten = Relay(answers, lambda _: None, self._limits, configuration.held)
        self._metrics, self._ids, self._document = Metrics(), Ids(), document()
        self._strangers, self._unwritten_refusals = Bucket(STRANGERS, time.monotonic()), 0
        self.going: dict[str, Going] = {}
        self.draining = False

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        going = Going(self._ids.next(), path, self._limits.kept_bytes)
        given, headers = scope["headers"], [(b"x-request-id", going.id.encode())]
        out = Out(send, going, headers)
        try:
            found = single(given)
            if (origin := found.get(b"origin")) is not None:
                headers += self._origin(origin)
            await self._answer(scope, found, receive, out, going)
        except RefusedError as refused:
            if not out.started:
                await self._refuse(refused, out, going)
        except ClientLeftError:
            going.ended = "client left"
        finally:
            self.going.pop(going.id, None)
            self._count(going)

    async def _answer(
        self, scope: Any, headers: Mapping[bytes, bytes], receive: Receive, out: Out, going: Going
    ) -> None:
        method, path = scope["method"], going.path
        if path in EXCHANGES and method == "POST":
            key = self._begin(going, headers)
            going.trace = trace_id(headers.get(b"traceparent"))
            going.agent = agent_name(headers.get(b"x-caseback-agent"))
            going.body = await self._body(going, headers, receive)
            checked(going.body, self._limits, self._reads and path == READ)
            self._records.begun(going.id, going.time)
            await self._pass(self._relay, scope, key, headers, receive, out, going)
        elif path == MODELS and method == "GET":
            key = self._begin(going, headers)
            await self._pass(self._unwritten, scope, key, headers, receive, out, going)
        elif method == "OPTIONS" and b"origin" in headers:
            going.status = 204
            await out.start(204, [
                (b"access-control-allow-methods", b"GET, POST"), (b"access-control-max-age", b"600"),
                (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"")),
            ])  # fmt: skip
            await out.last(b"")
        elif method == "GET" and (path in PLAIN or path.startswith(HELD)):
            going.status, content, kind = self._told(path, headers, going)
            await out.all(going.status, content, (b"content-type", kind))
        elif path in EXCHANGES or path in PLAIN or path.startswith(HELD):
            allowed = "POST" if path in EXCHANGES else "GET"
            raise RefusedError(
                405, "method_not_allowed", f"{method} does nothing here: use {allowed}", (b"allow", allowed.encode())
            )
        else:
            raise RefusedError(404, "not_found", f"nothing is served at {path[:80]}; see /openapi.json")

    def _origin(self, origin: bytes) -> Sequence[tuple[bytes, bytes]]:
        """A browser says which page asks. A page that was not named may not, whoever looks at it."""
        if origin not in self._origins:
            raise RefusedError(403, "foreign_origin", "asked for by a web page that is not among `origins`")
        return (b"access-control-allow-origin", origin), (b"vary", b"origin")

    def _begin(self, going: Going, headers: Mapping[bytes, bytes]) -> Key:
        """Lets a request in, and has its time watched."""
        key = self._who(headers)
        going.client = key.name
        self._clients.admit(key)
        if self.draining or len(self.going) >= self._limits.in_flight:
            raise RefusedError(503, "overloaded", "too many requests at once: try again", (b"retry-after", b"1"))
        going.task = asyncio.current_task()
        self.going[going.id] = going
        return key

    def _who(self, headers: Mapping[bytes, bytes]) -> Key:
        return self._clients.who(headers.get(b"authorization", b""), headers.get(b"host", b""))

    async def _body(self, going: Going, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        try:
            return await body_of(receive, headers, self._limits)
        except asyncio.CancelledError:
            if not going.stop or going.task is None:
                raise
            going.task.uncancel()
            raise RefusedError(
                408, "upload_timeout", "the request was not sent in time", (b"connection", b"close")
            ) from None

    async def _pass(
        self, relay: Relay, scope: Any, key: Key, headers: Mapping[bytes, bytes], receive: Receive, out: Out,
        going: Going,
    ) -> None:  # fmt: skip
        given: Headers = scope["headers"]
        sent = onward(given, headers.get(b"connection"))
        asked = Asked(going.id, scope["method"], going.path, scope["query_string"], sent, going.body, key.scores)
        leaves = asyncio.ensure_future(_left(receive, going))
        try:
            await relay.run(going, asked, out)
        finally:
            leaves.cancel()

    def _told(self, path: str, headers: Mapping[bytes, bytes], going: Going) -> tuple[int, bytes, bytes]:
        """What the gateway tells of itself: status, content and its type."""
        if path == "/metrics":
            key = self._who(headers)
            if not key.metrics:
                raise RefusedError(403, "no_permission", "this key may not read the counts: make one with --metrics")
            return 200, rendered(self._metrics, self._numbers()), TYPE.encode()
        if path.startswith(HELD):
            status, content = self._held(self._who(headers), path.removeprefix(HELD), going)
            return status, content, b"application/json"
        if path == "/openapi.json":
            return 200, self._document, b"application/json"
        if path == "/ready":
            state = {"ready": not self.draining, "journal": self._records.pending == 0}
            return 503 if self.draining else 200, json.dumps(state).encode(), b"application/json"
        return 200, b'{"status": "ok"}', b"application/json"

    def _held(self, key: Key, id: str, going: Going) -> tuple[int, bytes]:
        """A reply that was held, for the client whose it is."""
        going.client = key.name
        self._clients.admit(key)
        try:
            found = held(self._configuration.held, id)
        except CasebackError:
            found = None
        if found is None or found.carried.client != key.name:
            raise RefusedError(404, "not_found", "no reply of yours is held under this id")
        if found.word == "refused":
            return 403, error_body("a person refused this reply", "content_filter", "content_filter")
        if found.word == "waiting":
            return 202, json.dumps({"id": id, "status": "waiting"}).encode()
        return 200, filtered.answer_of(found.carried.response, found.carried.streamed)

    async def _refuse(self, refused: RefusedError, out: Out, going: Going) -> None:
        """What the gateway says no to is written down too, without what was sent. Of whoever has no valid key only so
        much is that nobody can fill the disk."""
        going.over, going.ended, going.status = True, "refused", refused.status
        if going.path in EXCHANGES:
            going.body, going.response = b"", bytearray(refused.body)
            if going.client or not self._strangers.wait(time.monotonic()):
                self._records.carried(going.carried("refused"))
            else:
                self._unwritten_refusals += 1
        await out.json(refused.status, refused.body, *refused.headers)

    def _carried(self, carried: Carried) -> None:
        self._records.carried(carried)
        for each in carried.verdicts:
            self._metrics.verdict(each)

    def _count(self, going: Going) -> None:
        now, known = time.perf_counter(), going.path in EXCHANGES or going.path in PLAIN
        path = going.path if known else "/v1/held" if going.path.startswith(HELD) else "other"
        self._metrics.request(going.client, path, going.status, going.ended if going.path in EXCHANGES else "")
        if going.path in EXCHANGES:
            self._metrics.received[going.client,] += len(going.body)
            self._metrics.sent[going.client,] += going.sent
            self._metrics.seconds.add(now - going.clock)
            if going.first is not None:
                self._metrics.first.add(going.first - going.clock)

    def _numbers(self) -> dict[str, tuple[str, str, float]]:
        records = self._records
        return {
            "in_flight": ("gauge", "Requests under way.", len(self.going)),
            "journal_errors_total": ("counter", "Writes to the journal that failed.", records.errors),
            "missed_total": ("counter", "Exchanges that were not written down.", records.missed),
            "missed_pending": ("gauge", "Those that the journal does not tell yet.", records.pending),
            "refused_unwritten_total": (
                "counter",
                "Refused without a valid key, and not written down.",
                self._unwritten_refusals,
            ),
        }

    def sweep(self) -> None:
        """Ends what was waited for too long; to be called a few times a second."""
        now, limits = time.perf_counter(), self._limits
        for going in list(self.going.values()):
            if now - going.clock > limits.seconds:
                going.end("long")
            elif going.waits == "request":
                if now - going.clock > limits.upload_seconds:
                    going.end("idle")
            elif now - going.moved > limits.idle_seconds:
                going.end("idle")


async def _left(receive: Receive, going: Going) -> None:
    """Waits until the client goes away, and ends the exchange where it is not over."""
    while (await receive())["type"] != "http.disconnect":
        pass
    going.end("left")
