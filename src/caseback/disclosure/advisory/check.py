"""Whether an advisory is one: its published schema, and what a schema cannot say."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from caseback.disclosure.bundle.moments import read_time
from caseback.errors import CasebackError

FORMAT = "caseback advisory 1"
MOST = 20
"""Problems that are listed."""


def schema() -> dict[str, Any]:
    """The published JSON Schema of an advisory (draft 2020-12)."""
    return json.loads((files("caseback.disclosure.advisory") / "advisory.schema.json").read_text(encoding="utf-8"))


@cache
def _validator() -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator(_inlined(whole, whole["$defs"]))


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with each reference replaced by what it refers to: looking it up costs most of the time else."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(definitions[value["$ref"].removeprefix("#/$defs/")], definitions)
        return {key: _inlined(each, definitions) for key, each in value.items()}
    return [_inlined(each, definitions) for each in value] if isinstance(value, list) else value


def check_advisory(advisory: Any) -> None:
    """See that an advisory is one.

    Raises:
        CasebackError: with the first thing that is wrong, and how many more there are.
    """
    wrong = problems(advisory)
    if wrong:
        more = f" (and {len(wrong) - 1} more; `caseback disclose check` lists them)" if len(wrong) > 1 else ""
        raise CasebackError(f"the advisory is not one of this format: {wrong[0]}{more}")


def problems(advisory: Any) -> list[str]:
    """All that is wrong with an advisory, in words, ``MOST`` at most; empty where nothing is."""
    found = []
    for error in _validator().iter_errors(advisory):
        found.append(f"{error.json_path.removeprefix('$.')}: {error.message[:160]}")
        if len(found) == MOST:
            return found
    return found or list(_meaning(advisory))[:MOST]


def _meaning(advisory: Mapping[str, Any]) -> Iterator[str]:
    for where, rate in _rates(advisory):
        yield from _rate(where, rate)
    for where, moment in _times(advisory):
        try:
            read_time(moment, where)
        except CasebackError as error:
            yield str(error)
            return
    handling, seen = advisory["handling"], advisory.get("observed", {})
    for early, late, named in (
        (advisory.get("published"), advisory["modified"], ("published", "modified")),
        (seen.get("first_seen"), seen.get("last_seen"), ("first_seen", "last_seen")),
    ):
        if early and late and read_time(early, named[0]) > read_time(late, named[1]):
            yield f"{named[0]} ({early}) lies after {named[1]} ({late})"
    if handling["tlp"] == "RED" and advisory.get("published"):
        yield "handling.tlp is RED, which is for named people only, and the advisory says that it is published"
    names = [each["name"] for each in advisory.get("detectors", ())]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"detectors: two are called {name}"
    have = set(present(advisory))
    for gap in advisory["gaps"]:
        if gap["field"] in have:
            yield f"gaps: {gap['field']} is listed as missing, and is there"


def _rate(where: str, rate: Mapping[str, Any]) -> Iterator[str]:
    events, trials, value = rate.get("events"), rate["trials"], rate.get("value")
    if events is not None and events > trials:
        yield f"{where}: {events} events in {trials} trials"
    elif not rate["low"] <= rate["high"]:
        yield f"{where}: the interval ends ({rate['high']}) below where it begins ({rate['low']})"
    elif value is not None and not rate["low"] - 1e-9 <= value <= rate["high"] + 1e-9:
        yield f"{where}: the rate {value} lies outside its interval [{rate['low']}, {rate['high']}]"
    elif trials == 0 and value is not None:
        yield f"{where}: nothing was tried, and a rate is given"


def _rates(value: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything that has trials and an interval, wherever it stands."""
    if isinstance(value, dict):
        if {"trials", "low", "high"} <= set(value):
            yield where, value
        for key, each in value.items():
            if where or key != "extensions":
                yield from _rates(each, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _rates(each, f"{where}[{at}]")


def _times(advisory: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, advisory[name]) for name in ("modified", "published", "withdrawn") if name in advisory)
    seen = advisory.get("observed", {})
    yield from ((f"observed.{name}", seen[name]) for name in ("first_seen", "last_seen") if name in seen)
    if "embargo_until" in advisory["handling"]:
        yield "handling.embargo_until", advisory["handling"]["embargo_until"]
    yield from ((f"timeline[{at}].at", each["at"]) for at, each in enumerate(advisory.get("timeline", ())))


def present(value: Any, where: str = "") -> Iterator[str]:
    """Names of the fields that hold something, those within others after a dot; a list's by the list's name."""
    if isinstance(value, dict):
        for key, each in value.items():
            name = f"{where}.{key}".lstrip(".")
            if each not in (None, [], {}, ""):
                yield name
            yield from present(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from present(each, where)
