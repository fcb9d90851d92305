"""JSON from anybody: one meaning for every text, within bounds, or a reason why not."""

import json
from typing import Any, NoReturn

from caseback.disclosure.bundle.limits import DEPTH, VALUES
from caseback.dossier.record import canonical
from caseback.errors import CasebackError


def parse(text: bytes, what: str, largest: int, deepest: int = DEPTH, most: int = VALUES) -> Any:
    """The value of a JSON text.

    Readers differ on keys that stand twice, NaN and halves of surrogate pairs, so all of them are refused.

    Raises:
        CasebackError: it is none, or beyond a limit; ``what`` names it.
    """
    if len(text) > largest:
        raise CasebackError(f"{what} has {len(text)} bytes; {largest} are allowed")
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise CasebackError(f"{what} is nested too deeply; {deepest} levels are allowed") from None
    except (ValueError, CasebackError) as error:
        raise CasebackError(f"{what} is not the JSON that is read here ({str(error)[:120]})") from None
    _bounded(value, what, deepest, most)
    return value


def parse_canonical(text: bytes, what: str, largest: int) -> Any:
    """The same of a text that must be canonical (RFC 8785), so that no byte of it can change unseen.

    Raises:
        CasebackError: as ``parse``, or it is written another way.
    """
    value = parse(text, what, largest)
    if canonical(value) != text:
        raise CasebackError(f"{what} is not in canonical JSON (RFC 8785): some bytes of it mean nothing")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise CasebackError("a key stands twice")
    return made


def _no_number(name: str) -> NoReturn:
    raise CasebackError(f"{name} is no number of JSON")


def _bounded(value: Any, what: str, deepest: int, most: int) -> None:
    left, seen = [(value, 1)], 0
    while left:
        each, depth = left.pop()
        seen += 1
        if depth > deepest:
            raise CasebackError(f"{what} is nested too deeply; {deepest} levels are allowed")
        if seen > most:
            raise CasebackError(f"{what} holds more than {most} values")
        if isinstance(each, dict):
            for key in each:
                _encodable(key, what)
            left += [(one, depth + 1) for one in each.values()]
        elif isinstance(each, list):
            left += [(one, depth + 1) for one in each]
        elif isinstance(each, str):
            _encodable(each, what)
        elif isinstance(each, float) and (each != each or each in (float("inf"), float("-inf"))):
            raise CasebackError(f"{what} holds a number that is not finite")


def _encodable(text: str, what: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise CasebackError(f"{what} holds half of a surrogate pair") from None
