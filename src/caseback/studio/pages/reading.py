"""Reading a text: every token of a prompt and a reply, lit by a direction or a latent. And steering by them."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from caseback.studio.chat import read_request
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError, AskedWrongError
from caseback.studio.page import Names, Page
from caseback.studio.post import Post
from caseback.studio.query import text
from caseback.studio.reader import Reader

Data = Mapping[str, Any]
LONGEST = 8_000
"""Characters that are read at once."""
MOST_TOKENS = 512
BEGIN = {"system": "", "temperature": 0.0, "seed": 0, "max_new_tokens": 96}


def read(desk: Desk, parts: Names, query: Names) -> Data:
    """The tokens of what was typed, with their readings."""
    reader = _reader(desk)
    prompt, reply = text(query, "prompt", LONGEST), text(query, "reply", LONGEST)
    names = [dial.name for dial in reader.dials]
    shown = text(query, "by") or (names[0] if names else "")
    if shown and shown not in names:
        raise AskedWrongError(f"nothing called {shown!r:.40} is read here; there are {', '.join(names)}")
    found: dict[str, Any] = {"tokens": [], "prompt": 0, "readings": {}}
    if prompt:
        chat: list[Any] = [{"role": "user", "content": prompt}]
        if reply:
            chat.append({"role": "assistant", "content": reply})
        found = reader.read(chat)
    readings = found["readings"].get(shown, [])
    most = scale(readings)
    return {
        "model": reader.subject.name,
        "digest": reader.subject.digest,
        "dials": [{"name": dial.name, "unit": dial.unit, "reads": str(dial.reads)} for dial in reader.dials],
        "prompt_text": prompt,
        "reply_text": reply,
        "by": shown,
        "most": most,
        **found,
        "levels": [level(value, most) for value in readings],
    }


def scale(readings: list[float]) -> float:
    """The 95th percentile of their sizes: single tokens, the first above all, lie far outside and would wash out the
    rest."""
    sizes = sorted(map(abs, readings))
    return (sizes[int(0.95 * (len(sizes) - 1))] if sizes else 0.0) or 1.0


def level(value: float, most: float) -> int:
    """From -10 to 10: 10 at ``most`` and above."""
    return max(-10, min(10, round(10 * value / most)))


def steer(desk: Desk, parts: Names, query: Names) -> Data:
    """What the page of steering begins with."""
    from caseback.interp.chat.turn import about_data

    reader = _reader(desk)
    return {**about_data(reader.subject, reader.dials), "begin": BEGIN, "most_tokens": MOST_TOKENS}


async def _turn(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    from caseback.errors import CasebackError
    from caseback.interp.chat.turn import take_turn, turn_data

    reader = _reader(desk)

    def turned() -> dict[str, Any]:
        chat, values, sampling, seed = read_request(dict(given), MOST_TOKENS)
        with reader.lock:
            turn = take_turn(reader.subject, reader.dials, chat, values, sampling, seed)
        return turn_data(turn, chat, values, sampling, seed)

    try:
        found = await run_in_threadpool(turned)
    except CasebackError as error:
        return JSONResponse({"error": str(error)}, 400)
    return Response(json.dumps(found, ensure_ascii=False, allow_nan=False), media_type="application/json")


def _reader(desk: Desk) -> Reader:
    if desk.reader is None:
        raise AbsentError("No model is at hand to read with: start the studio with --model.")
    return desk.reader


PAGES = (
    Page("/inside/read", "inside", "read.html.j2", read, exported=False),
    Page("/inside/steer", "inside", "steer.html.j2", steer, exported=False),
)
POSTS = (Post("/inside/turn", _turn),)
