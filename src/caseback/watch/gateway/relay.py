"""An exchange, from asking to the last byte: what came is passed on, read where it must be, and written down."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseback.watch.configuration import Limits
from caseback.watch.entry import Carried, Ended
from caseback.watch.events import joined, payloads
from caseback.watch.gateway import filtered
from caseback.watch.gateway.answer import Answer, Answers, Asked, BrokeError
from caseback.watch.gateway.going import Going
from caseback.watch.gateway.held import hold
from caseback.watch.gateway.lines import Lines
from caseback.watch.gateway.out import Out
from caseback.watch.gateway.refused import error_body, error_event
from caseback.watch.verdict import Verdict

if TYPE_CHECKING:  # detectors load torch, which a gateway that scores nothing itself does without
    from caseback.watch.gateway.inline import Readers

READ = "/v1/chat/completions"
"""Where replies are that detectors can read."""
FILTERED: tuple[Ended, ...] = ("stopped", "held")
LEFTOVER = 1.0
"""Seconds that an upstream has to close a stream after its end."""


class Relay:
    """Carries exchanges between clients and what answers."""

    def __init__(
        self,
        answers: Answers,
        carry: Callable[[Carried], Any],
        limits: Limits,
        held: Path,
        readers: "Readers | None" = None,
        holds: bool = False,
    ) -> None:
        """``carry`` writes an exchange down; with ``holds`` nothing of a reply leaves before all of it was read."""
        self._answers, self._carry, self._limits, self._held = answers, carry, limits, held
        self._readers, self._holds = readers, holds

    async def run(self, going: Going, asked: Asked, out: Out) -> None:
        """All of one exchange. However it ends, it is written down before the client has the last of it."""
        answer: Answer | None = None
        going.waits, going.moved = "upstream", time.perf_counter()
        try:
            answer = await self._answers(asked)
            going.status, going.streamed = answer.status, answer.streamed
            reads = (self._readers is not None or self._holds) and going.path == READ and answer.status < 400
            if not answer.streamed:
                await self._whole(going, answer, out, reads)
            elif reads:
                await self._read_stream(going, answer, out)
            else:
                await self._stream(going, answer, out, Lines())
        except BrokeError as broke:
            _said_so_far(going, answer)
            await self._broke(going, broke, out)
        except asyncio.CancelledError:
            if going.over:
                raise
            _said_so_far(going, answer)
            if not going.stop:
                self._finish(going, "upstream broke", ())
                raise
            if going.task is not None:
                going.task.uncancel()
            await self._stopped(going, out)
        except Exception:
            if going.over:
                raise
            traceback.print_exc()  # a fault of ours, or of what answers: no exchange is lost by it
            _said_so_far(going, answer)
            await self._broke(going, BrokeError(500, "gateway_failed", "the gateway failed; its log says how"), out)
        finally:
            if answer is not None:
                answer.close()

    async def _stream(self, going: Going, answer: Answer, out: Out, lines: Lines) -> None:
        """Events go on as they come, but for the end, which waits until the exchange is written down."""
        read, keep, cut = answer.read, going.keep, lines.cut
        done, send = False, b""
        while part := await read():
            keep(part)
            send, done = cut(part)
            if done:
                break
            if send:
                if not out.started:
                    await out.start(answer.status, answer.headers)
                await out.part(send)
        self._finish(going, self._word(answer.verdicts, answer.ended), answer.verdicts)
        if not out.started:
            await out.start(answer.status, answer.headers)
        await out.last(send if done else lines.rest)
        if done:
            await _leftover(answer)

    async def _whole(self, going: Going, answer: Answer, out: Out, reads: bool) -> None:
        """All of an answer at once; one that is larger than what is kept goes on as it comes."""
        parts: list[bytes] = []
        while part := await answer.read():
            going.keep(part)
            parts.append(part)
            if going.left_out and len(parts) > 1:
                if not out.started:
                    await out.start(answer.status, answer.headers)
                await out.part(b"".join(parts[:-1]))
                parts = parts[-1:]
        content = parts[0] if len(parts) == 1 else b"".join(parts)
        ended: Ended = self._word(answer.verdicts, answer.ended)
        if not reads:
            self._finish(going, ended, answer.verdicts)
        else:
            ended, id = await self._judged(going, answer)
            if ended in FILTERED and not out.started:
                content = filtered.whole(content, id)
        if out.started:
            await out.last(content)
        else:
            await out.all(answer.status, content, *answer.headers)

    async def _read_stream(self, going: Going, answer: Answer, out: Out) -> None:
        """Events wait until detectors have read them."""
        lines, unsent, fresh, done = Lines(), bytearray(), 0, False
        while not done and (part := await answer.read()):
            going.keep(part)
            send, done = lines.cut(part)
            unsent += send
            if going.left_out:
                break
            fresh += _characters(send)
            if self._readers is None or fresh < self._readers.characters or done:
                continue
            fresh = 0
            said = await self._readers.verdicts(going.carried("whole"))
            going.verdicts = tuple(each for each in said if each.flagged)  # a clean beginning tells nothing of the rest
            if self._word(said, "whole") == "stopped":
                self._finish(going, "stopped", (*answer.verdicts, *said))
                await self._filtered(going, answer, out, "")
                return
            if not self._holds:
                if not out.started:
                    await out.start(answer.status, answer.headers)
                await out.part(bytes(unsent))
                unsent.clear()
        if going.left_out and not done:
            going.verdicts = self._too_long(going.verdicts)
            if self._word(going.verdicts, "whole") == "held":  # too long to wait for a person: it ends here
                self._finish(going, "stopped", (*answer.verdicts, *going.verdicts))
                await self._filtered(going, answer, out, "")
                return
            if not out.started:
                await out.start(answer.status, answer.headers)
            await out.part(bytes(unsent))
            await self._stream(going, answer, out, lines)
            return
        ended, id = await self._judged(going, answer)
        if ended in FILTERED:
            await self._filtered(going, answer, out, id)
            return
        if not out.started:
            await out.start(answer.status, answer.headers)
        await out.last(bytes(unsent) + lines.rest)
        if done:
            await _leftover(answer)

    async def _judged(self, going: Going, answer: Answer) -> tuple[Ended, str]:
        """Has a whole reply read and writes it down; how it ended, and the id under which it is held."""
        said: tuple[Verdict, ...] = ()
        if going.left_out:
            said = self._too_long(going.verdicts)
        elif self._readers is not None:
            said = await self._readers.verdicts(going.carried("whole"))
        ended = self._word((*answer.verdicts, *said), answer.ended)
        if going.left_out and ended == "held":  # what is kept of it is cut, so it cannot be released
            ended = "stopped"
        id = ""
        going.verdicts = (*answer.verdicts, *said)
        if ended == "held":
            try:
                hold(self._held, going.carried("held"))
                id = going.id
            except OSError as error:
                print(
                    f"caseback: {self._held}: the reply {going.id} cannot be held there ({error.strerror}); it was not "
                    "sent, and the journal has it",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
        self._finish(going, ended, going.verdicts)
        return ended, id

    async def _filtered(self, going: Going, answer: Answer, out: Out, id: str) -> None:
        if not out.started:
            await out.start(answer.status, answer.headers)
        await out.last(filtered.last_events(bytes(going.response), id))

    async def _broke(self, going: Going, broke: BrokeError, out: Out) -> None:
        """Tells the client that what answers did not, or not to the end."""
        if not out.started:
            going.status = broke.status
        self._finish(going, "upstream broke", going.verdicts)
        if not out.started:
            await out.json(broke.status, error_body(broke.message, "upstream_error", broke.code))
        elif going.streamed:
            await out.last(error_event(broke.message, broke.code))
        # Else the connection is closed over an answer that is too short, which is how HTTP tells it.

    async def _stopped(self, going: Going, out: Out) -> None:
        """It was ended from outside."""
        if going.stop == "left" or going.waits == "client":
            self._finish(going, "client left", going.verdicts)
            return
        limit = self._limits.seconds if going.stop == "long" else self._limits.idle_seconds
        why = f"the model server gave nothing for {limit:g} s" if going.stop == "idle" else f"it took over {limit:g} s"
        await self._broke(going, BrokeError(504, "upstream_timeout", why), out)

    def _finish(self, going: Going, ended: Ended, verdicts: tuple[Verdict, ...]) -> None:
        """Writes it down: from here on it is over, whatever becomes of the last bytes."""
        going.over = True
        going.verdicts = verdicts or going.verdicts
        if going.path == READ and ended != "refused":
            going.verdicts = self._rest(going.verdicts, f"no reply was read to its end: {ended}, status {going.status}")
        going.ended = ended
        self._carry(going.carried(ended))

    def _too_long(self, said: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        """What was flagged of an answer before it grew longer than what is kept; the others have no say."""
        return self._rest(said, f"the answer has more than {self._limits.kept_bytes} bytes")

    def _rest(self, said: tuple[Verdict, ...], why: str) -> tuple[Verdict, ...]:
        """The verdicts, with those of readers that gave none."""
        told = {each.digest for each in said}
        left = self._readers.untold(why) if self._readers is not None else ()
        return (*said, *(each for each in left if each.digest not in told))

    @staticmethod
    def _word(verdicts: Sequence[Verdict], otherwise: Ended) -> Ended:
        """What the verdicts together come to."""
        policies = {each.policy for each in verdicts if each.flagged}
        return "stopped" if "stop" in policies else "held" if "hold" in policies else otherwise


def _said_so_far(going: Going, answer: Answer | None) -> None:
    """Of an answer that ends before its end: what was said of it until then."""
    if answer is not None:
        answer.close()
        going.verdicts = (*answer.verdicts, *going.verdicts)


async def _leftover(answer: Answer) -> None:
    """Reads what stands behind the end of a stream, so that the connection can be used again."""
    with suppress(BrokeError, TimeoutError):
        async with asyncio.timeout(LEFTOVER):
            while await answer.read():
                pass


def _characters(events: bytes) -> int:
    """Of text in events."""
    message = joined(payloads(events)[0])["choices"][0]["message"]
    calls = message.pop("tool_calls", ())
    return sum(len(text) for text in message.values()) + sum(len(each["function"]["arguments"]) for each in calls)
