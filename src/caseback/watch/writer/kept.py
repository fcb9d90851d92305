"""An exchange as it goes into the store: masked, its texts apart, its verdicts as rows."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from caseback.errors import CasebackError
from caseback.watch.entry import Carried
from caseback.watch.exchange import Exchange, transcript
from caseback.watch.store.masking import MaskedMessages, masked, masked_messages
from caseback.watch.store.read import packed
from caseback.watch.verdict import Verdict

DAY = 86_400.0
LONGEST, AROUND = 200, 800
"""Characters of what clients and servers may name as they like, and so many more that are looked at to mask them."""
WHY = 120
FAILED = re.compile(r"((?:failed|could not be asked|cannot be read): \w+|gave no answer).*", re.DOTALL)
QUOTED = re.compile(r"(?<!\w)['\"`].*", re.DOTALL)
NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")


@dataclass(frozen=True)
class KeptVerdict:
    """A verdict, with scores of tokens packed and spans as JSON; ``outcome`` is what it is counted as."""

    digest: str
    name: str
    policy: str
    threshold: float
    score: float | None
    why: str
    flagged: bool
    member: str
    microseconds: float | None
    width: int
    tokens: bytes
    spans: str
    outcome: str


@dataclass(frozen=True)
class Kept:
    """A row of ``exchanges`` by column (without its number), the text as JSON or None, and the verdicts."""

    row: Mapping[str, Any]
    messages: str | None
    masked: int
    expires: float | None
    verdicts: tuple[KeptVerdict, ...]


def kept(
    gateway: str, carried: Carried, exchange: Exchange, verdicts: Sequence[Verdict], *, key: bytes, text_days: float
) -> Kept:
    """What is kept of an exchange. Never fails: a text that cannot be masked is not kept, and that is said.

    Args:
        gateway: Its id.
        carried: As it went.
        exchange: The same, read.
        verdicts: Of all detectors.
        key: For pseudonyms.
        text_days: Days for which the text is kept; 0 for not at all.
    """
    unread = exchange.unread
    try:
        made = masked_messages(_messages(carried, exchange), key)
        text = json.dumps(made.messages, ensure_ascii=False)
    except Exception as error:  # a hostile body must not stop the writer, nor get in unmasked
        made, text = MaskedMessages((), {}), None
        unread = "; ".join([*filter(None, [unread]), f"its text could not be masked ({type(error).__name__})"])
    said = tuple(_verdict(each, made, key) for each in verdicts)
    time = carried.time if math.isfinite(carried.time) else 0.0
    expires = time + text_days * DAY
    row = {
        "id": storable(carried.id),
        "time": time,
        "gateway": storable(gateway),
        **{name: storable(getattr(carried, name)) for name in ("client", "trace", "path", "ended")},
        "agent": plain(carried.agent, key),
        "model": plain(exchange.model, key),
        "status": carried.status,
        "finish": plain(exchange.finish, key),
        "streamed": int(carried.streamed),
        "messages": len(exchange.messages),
        "prompt_tokens": exchange.prompt_tokens,
        "reply_tokens": exchange.reply_tokens,
        "first_ms": carried.first_ms,
        "total_ms": carried.total_ms,
        "unread": plain(unread, key),
        "flags": sum(each.flagged for each in said),
    }
    return Kept(
        row,
        text if text_days > 0 else None,
        made.places,
        None if expires == float("inf") else expires,
        said,
    )


def plain(text: str, key: bytes) -> str:
    """A text that others gave, masked, as a database takes it."""
    return _plain(text[: LONGEST + AROUND], key)


@lru_cache(maxsize=4096)
def _plain(text: str, key: bytes) -> str:
    """Masked first and cut then: half an address is none that a pattern finds."""
    made = masked(text, key)
    return storable(made.text[: made.moved(0, LONGEST)[1]])


def storable(text: str) -> str:
    """A text that no database refuses: short, and without NUL or half a character."""
    return text[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _messages(carried: Carried, exchange: Exchange) -> Sequence[Mapping[str, Any]]:
    """The messages as detectors read them, so that spans fit. What could not be read stands there as it came."""
    try:
        return transcript(exchange).messages
    except (CasebackError, RecursionError):
        made = list(exchange.messages)
    if exchange.unread and len(made) == exchange.replied:
        made.insert(0, {"role": "request", "content": carried.request.decode("utf-8", "replace")})
    if exchange.unread and not exchange.replied and carried.response:
        made.append({"role": "answer", "content": carried.response.decode("utf-8", "replace")})
    return made


def _verdict(said: Verdict, made: MaskedMessages, key: bytes) -> KeptVerdict:
    scored = said.scored
    score = scored.score if scored.score is None or abs(scored.score) < float("inf") else None
    why = reason(scored.why) or (
        "" if score is not None else "the score is no number" if scored.score is not None else "no score"
    )
    flagged = said.flagged and score is not None
    width, tokens = packed(scored.tokens)
    spans = [asdict(made.span(span)) for span in scored.spans] if scored.spans else []
    return KeptVerdict(
        said.digest,
        plain(said.detector, key),
        said.policy,
        said.threshold,
        score,
        plain(why, key),
        flagged,
        plain(scored.by, key),
        said.microseconds,
        width if scored.tokens or spans else 0,
        tokens,
        json.dumps(spans),
        "flagged" if flagged else "clean" if score is not None else NUMBER.sub("N", plain(why, key))[:WHY],
    )


def reason(why: str) -> str:
    """Why there is no score, without texts of errors and quotations: they may hold what was said, and would outlive
    it. Of numbers there are as many as exchanges, so counts do without them too."""
    return QUOTED.sub("…", FAILED.sub(r"\1", why))
