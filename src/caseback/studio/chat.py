"""The page of a chat with dials: what it may ask, and what is answered."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.chat import Message
from caseback.disclosure.page import render_page
from caseback.errors import CasebackError
from caseback.interp.chat.dial import Dial
from caseback.interp.chat.turn import about_data, take_turn, turn_data
from caseback.studio.local_server import Page, Served
from caseback.studio.messages import wrong_messages
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

FIELDS = ("chat", "values", "temperature", "max_new_tokens", "seed")


def chat_page(subject: OpenSubject, dials: Sequence[Dial], begin: Mapping[str, Any], most_tokens: int) -> Served:
    """The page and its one question, ``turn``.

    Args:
        begin: what the page's fields hold at first: ``system``, ``temperature``, ``max_new_tokens``, ``seed``.
        most_tokens: most that a reply may be asked to have.
    """
    about = {**about_data(subject, dials), "begin": dict(begin), "most_tokens": most_tokens}
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    html = render_page("chat.html.j2", subject=subject.name, nonce=nonce)

    def turn(given: Any) -> Any:
        chat, values, sampling, seed = read_request(given, most_tokens)
        return turn_data(take_turn(subject, dials, chat, values, sampling, seed), chat, values, sampling, seed)

    return Served(Page(html, policy), {"about": about}, {"turn": turn})


def read_request(given: Any, most_tokens: int) -> tuple[tuple[Message, ...], dict[str, float], Sampling, int]:
    """What the page asks for: the chat, the dials, the sampling and the seed.

    Raises:
        CasebackError: naming the field that is not as it should be.
    """
    if not isinstance(given, dict) or set(given) != set(FIELDS):
        raise CasebackError(f"send an object with {', '.join(FIELDS)}")
    tokens, seed = given["max_new_tokens"], given["seed"]
    if type(tokens) is not int or not 1 <= tokens <= most_tokens:
        raise CasebackError(f"max_new_tokens must be a whole number from 1 to {most_tokens}, not {tokens!r:.40}")
    if type(seed) is not int or not 0 <= seed < 2**63:
        raise CasebackError(f"seed must be a whole number, 0 or more, not {seed!r:.40}")
    temperature = _number(given["temperature"], "temperature")
    if temperature < 0:
        raise CasebackError(f"temperature is {temperature}; it must be 0 (greedy) or more")
    if not isinstance(given["values"], dict):
        raise CasebackError("values must be an object: the name of a dial and its number")
    values = {name: _number(value, f"the dial '{name}'") for name, value in given["values"].items()}
    return _chat(given["chat"]), values, Sampling(tokens, temperature), seed


def _number(value: object, what: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9:
        return float(value)
    raise CasebackError(f"{what} must be a number below a billion, not {value!r:.40}")


def _chat(given: Any) -> tuple[Message, ...]:
    if why := wrong_messages(given):
        raise CasebackError(f"chat: {why}")
    if given[-1]["role"] != "user":
        raise CasebackError("a chat ends with what the user says")
    return tuple(given)
