"""Personal data and secrets that a pattern can find in text, checked where they carry a check.

E-mail addresses, phone numbers, payment cards (ISO/IEC 7812, with Luhn's digit), IBANs (ISO 13616, with check digits),
US social security numbers, IP addresses; private keys, JSON web tokens, keys of well-known services, and what stands
behind ``password=`` and the like. Names, addresses and what only the context gives away are not found.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Kind = Literal["secret", "email", "iban", "card", "ssn", "phone", "ip"]
MEMORY = 1 << 26
"""Bytes that RE2 may use for a pattern: 64 MiB."""
RUNS, WINDOW = ("iban", "card"), 100
"""What is written in groups, and more characters than such a number has."""
CARD = {"2": (16,), "3": (14, 15, 16), "4": (13, 16, 19), "5": (16,), "6": (16, 17, 18, 19)}
"""Digits of a card by its first."""
COUNTRIES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 "
    "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 "
    "SA24 SC31 SE24 SI19 SK24 SM27 SV28 TN24 TR26 UA29 VA22 VG24 XK20 "
)
IBAN = {each[:2]: int(each[2:]) for each in COUNTRIES.split()}
"""Characters of an IBAN by country, from the registry of ISO 13616."""
LOCAL = r"[^\x00-\x24\x26\x28-\x2a\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
"""A character before the @: a letter or digit of any script, or one of ``%'+-._``."""
FIRST = r"[^\x00-\x24\x26-\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
SECRET_NAME = r"(?i)(?:api[_-]?key|secret|(?:access|auth|refresh)[_-]?token|passw(?:or)?d|passphrase|\bpwd\b)"


Check = Callable[[str], tuple[int, str] | None]
"""From what a pattern found to the characters of it that count, and their normal form; None for a false alarm."""


@dataclass(frozen=True)
class Found:
    """A place in a text, from ``start`` to ``end``; ``normal`` is the same however it was written."""

    start: int
    end: int
    kind: Kind
    normal: str


def personal(text: str) -> list[Found]:
    """All places in order; none overlaps another. Linear in the text."""
    every, patterns = _compiled()
    if not every.search(text):
        return []
    found: list[Found] = []
    left = text
    for kind, pattern, check in patterns:
        new = list(_apart(_places(kind, pattern, check, left)))
        if new:  # what one kind has, the next must neither take nor run into
            left = _blanked(left, new)
            found += new
    return sorted(found, key=lambda each: each.start)


def _places(kind: Kind, pattern: Any, check: Check, text: str) -> Iterator[Found]:
    for match in pattern.finditer(text):
        start, end = match.span(pattern.groups)
        if kind in RUNS:
            yield from _run(kind, pattern, check, text, start, end)
        elif kept := check(text[start:end]):
            yield Found(start, start + kept[0], kind, kept[1])


def _apart(found: Iterable[Found]) -> Iterator[Found]:
    end = 0
    for each in found:
        if each.start >= end:
            end = each.end
            yield each


def _blanked(text: str, found: Sequence[Found]) -> str:
    made, at = [], 0
    for each in found:
        made += [text[at : each.start], "\0" * (each.end - each.start)]
        at = each.end
    return "".join([*made, text[at:]])


def _run(kind: Kind, pattern: Any, check: Check, text: str, start: int, end: int) -> Iterator[Found]:
    """All that is in a run of groups, which may begin with another number or hold several."""
    while start < end:
        match = pattern.search(text[start : start + WINDOW])
        if match is None or start + match.start() >= end:
            return
        at = start + match.start()
        kept = check(match.group())
        if kept:
            yield Found(at, at + kept[0], kind, kept[1])
        start = at + kept[0] if kept else _next_group(text, at)


def _next_group(text: str, at: int) -> int:
    while text[at : at + 1].isalnum():
        at += 1
    return at + 1


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is a secret."""
    return bool(_secret_name().search(name))


def _as_is(text: str) -> tuple[int, str] | None:
    return len(text), text


def _email(text: str) -> tuple[int, str] | None:
    return len(text), text.lower()


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def _phone(text: str) -> tuple[int, str] | None:
    number = _digits(text)
    return (len(text), number.removeprefix("00")) if 8 <= len(number) <= 17 else None


def _ssn(text: str) -> tuple[int, str] | None:
    area, group, serial = text.split("-")
    never = area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000"
    return None if never else (len(text), _digits(text))


def _card(text: str) -> tuple[int, str] | None:
    """The longest beginning of the digits, up to where a group ends, that is a card."""
    for end in range(len(text), 0, -1):
        number = _digits(text[:end])
        whole = text[end - 1].isdigit() and not text[end : end + 1].isdigit()
        if whole and len(number) in CARD.get(number[0], ()) and _luhn(number):
            return end, number
    return None


def _luhn(number: str) -> bool:
    doubled = (int(each) * (1 + at % 2) for at, each in enumerate(reversed(number)))
    return sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


def _iban(text: str) -> tuple[int, str] | None:
    length, kept = IBAN.get(text[:2].upper(), 0), 0
    for end, each in enumerate(text, 1):
        kept += each.isalnum()
        if kept == length and each.isalnum():
            number = "".join(each for each in text[:end] if each.isalnum()).upper()
            alone = not text[end : end + 1].isalnum()
            rest = int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97
            return (end, number) if alone and rest == 1 else None
    return None


def _ip(text: str) -> tuple[int, str] | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.version == 6 and sum(bool(each) for each in text.split(":")) < 3:
        return None
    return len(text), address.compressed


PATTERNS: tuple[tuple[Kind, str, Check], ...] = (
    ("secret", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", _as_is),
    ("secret", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", _as_is),
    (
        "secret",
        r"\b(?:sk-[A-Za-z0-9_-]{16,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}"
        r"|github_pat_[A-Za-z0-9_]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|glpat-[A-Za-z0-9_-]{16,}"
        r"|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,})",
        _as_is,
    ),
    ("secret", r"(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,})", _as_is),
    ("secret", r"://[^\s/:@]+:([^\s/@\[][^\s/@]*)@", _as_is),
    ("secret", SECRET_NAME + r"[A-Za-z_]*[\"']?\s*[:=]\s*[\"']?([^\s\"',;\[][^\s\"',;]{5,})", _as_is),
    ("email", FIRST + LOCAL + r"*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}", _email),
    ("iban", r"(?i)\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,45}", _iban),
    ("card", r"\b\d(?:[ -]?\d){12,22}", _card),
    ("ssn", r"\b\d{3}-\d{2}-\d{4}\b", _ssn),
    ("phone", r"(?:^|[^\w.])((?:\+|00)[1-9]\d{0,2}(?:[ .()/-]{0,2}\d){6,13})\b", _phone),
    ("phone", r"(?:\(\d{3}\) ?|\b\d{3}[-. ])\d{3}[-. ]\d{4}\b", _phone),
    ("ip", r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", _ip),
    ("ip", r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}", _ip),
)


@cache
def _compiled() -> tuple[Any, tuple[tuple[Kind, Any, Check], ...]]:
    import re2

    options = re2.Options()
    options.max_mem, options.log_errors = MEMORY, False
    patterns = tuple((kind, re2.compile(pattern, options), check) for kind, pattern, check in PATTERNS)
    return re2.compile("|".join(f"(?:{pattern})" for _, pattern, _ in PATTERNS), options), patterns


@cache
def _secret_name() -> Any:
    import re2

    return re2.compile(SECRET_NAME)
