"""Every figure of a card in one list, each with a name that stays the same from card to card and with its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any, Literal

from caseback.disclosure.wording import ARM_NAMES, DEPTH_MEASURES, within, words

Better = Literal["less", "more", ""]


@dataclass(frozen=True)
class Figure:
    """A figure, or a word that stands where a figure would.

    Attributes:
        id: Names the same figure in every card, such as ``rate/sycophancy/world/test/dpo``.
        label: For people.
        value: None where there is none.
        low: Of its interval; None where there is none.
        high: See ``low``.
        n: What it was counted over; None where nothing was counted.
        word: Such as ``not found``; empty where the figure is a number.
        better: Which way is better; empty where neither is.
        record: Id of the record that it comes from.
        artefacts: Digests of what lies behind that record.
        struck: Why it may not stand; empty where it may.
    """

    id: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    word: str
    better: Better
    record: str | None
    artefacts: tuple[str, ...] = ()
    struck: str = ""


def figures(card: Mapping[str, Any]) -> list[Figure]:
    """All of them, in the order in which a card shows them. Cards of the first form are read as well."""
    evidence = card.get("evidence") or {}
    kept = {entry["record"]: [a["digest"] for a in entry["artefacts"]] for entry in evidence.get("records") or ()}
    struck = evidence.get("struck") or {}
    found = [*_verdict(card), *_rates(card), *_capability(card), *_clauses(card), *_depth(card), *_inside(card)]
    found += [*_audit(card), *_oversight(card), *_monitors(card), *_live(card)]
    whole = [
        Figure(
            **{
                **vars(figure),
                "artefacts": tuple(kept.get(figure.record or "", ())),
                "struck": str(struck.get(figure.record, "")),
            }
        )
        for figure in found
    ]
    return list(_apart(whole))


def _apart(found: Sequence[Figure]) -> Iterator[Figure]:
    """The figures, all of them: of several with one id the second ends in #2."""
    taken: set[str] = set()
    for figure in found:
        ids = (figure.id if number == 1 else f"{figure.id}#{number}" for number in count(1))
        id = next(id for id in ids if id not in taken)
        taken.add(id)
        yield replace(figure, id=id)


def figure_data(figure: Figure) -> dict[str, Any]:
    """The figure as JSON holds it."""
    return {**asdict(figure), "artefacts": list(figure.artefacts)}


def figure_of(data: Mapping[str, Any]) -> Figure:
    """The figure that ``figure_data`` wrote."""
    return Figure(**{**data, "artefacts": tuple(data["artefacts"])})


def _word(id: str, label: str, word: object, record: str | None) -> Figure:
    return Figure(id, label, None, None, None, None, str(word or ""), "", record)


def _rate(id: str, label: str, rate: Mapping[str, Any] | None, better: Better, record: str | None) -> Figure | None:
    """None where nothing was counted."""
    if not rate or not rate.get("n"):
        return None
    value = rate["k"] / rate["n"] if "k" in rate else rate.get("value")
    return Figure(id, label, value, rate.get("low"), rate.get("high"), rate["n"], "", better, record)


def _named(*parts: object) -> str:
    return "/".join(str(part) for part in parts if part not in (None, ""))


def _arm(arm: object) -> str:
    return within(ARM_NAMES.get(str(arm), str(arm)))


def _verdict(card: Mapping[str, Any]) -> Iterator[Figure]:
    if card["verdict"]["record"]:
        yield _word("verdict", "Verdict", card["verdict"]["status"], card["verdict"]["record"])
    for part, label in (("changes", "change"), ("against_control", "against the control")):
        for change in card["verdict"][part]:
            d = change["difference"]
            if d["n"]:
                name = words(change["behaviour"])
                yield Figure(
                    f"{part}/{change['behaviour']}",
                    f"{name}, {label}",
                    d["value"],
                    d["low"],
                    d["high"],
                    d["n"],
                    "",
                    "less",
                    card["verdict"]["record"],
                )


def _rates(card: Mapping[str, Any]) -> Iterator[Figure]:
    for group in [*card["behaviours"], *card["over_refusal"]]:
        for entry in group["measurements"]:
            name = _named("rate", group["behaviour"], group["ground"], group["split"], entry["arm"])
            label = f"{words(group['behaviour'])}, {_arm(entry['arm'])}" + _on(group["ground"])
            if entry["cannot_tell"]:
                yield _word(name, label, "cannot tell", entry["record"])
            elif found := _rate(name, label, entry["clustered"] or entry["rate"], "less", entry["record"]):
                yield found


def _on(ground: str | None) -> str:
    return f" ({ground})" if ground else ""


def _capability(card: Mapping[str, Any]) -> Iterator[Figure]:
    for group in card["capability"]:
        for entry in group["measurements"]:
            name = _named("capability", group["ground"], entry["arm"])
            label = f"capability, {_arm(entry['arm'])}" + _on(group["ground"])
            if found := _rate(name, label, entry["rate"], "more", entry["record"]):
                yield found


def _clauses(card: Mapping[str, Any]) -> Iterator[Figure]:
    document = card["constitution"]
    for clause in document["clauses"] if document else ():
        for arm, rate in clause["rates"].items():
            label = f"against clause {clause['id']}, {_arm(arm)}"
            found = _rate(_named("clause", clause["id"], arm), label, rate, "less", document["rates_records"].get(arm))
            if found:
                yield found


def _depth(card: Mapping[str, Any]) -> Iterator[Figure]:
    for entry in card["depth"]:
        for arm in entry["arms"]:
            for measure, score in arm["scores"].items():
                name = _named("depth", entry["behaviour"], entry["ground"], measure, arm["arm"])
                title = within(DEPTH_MEASURES.get(measure, words(measure)))
                label = f"depth, {words(entry['behaviour'])}, {title}, {arm['arm']}"
                if score["value"] is not None:
                    yield Figure(
                        name,
                        label,
                        score["value"],
                        score["low"],
                        score["high"],
                        entry["n"],
                        "",
                        "more",
                        entry["record"],
                    )


def _inside(card: Mapping[str, Any]) -> Iterator[Figure]:
    for entry in card.get("inside") or ():
        for figure in entry["figures"]:
            name, label = _named("inside", entry["title"], figure["label"]), f"{entry['title']}: {figure['label']}"
            yield Figure(
                name, label, figure["value"], figure["low"], figure["high"], figure.get("n"), "", "", entry["record"]
            )


def _audit(card: Mapping[str, Any]) -> Iterator[Figure]:
    audit = card["audit"]
    for each in audit["verdicts"] if audit else ():
        what = words(each["behaviour"] or "something else")
        yield _word(
            _named("audit", each["behaviour"] or "something-else"), f"audit, {what}", each["word"], audit["record"]
        )
        limit = each["limit"]
        if limit and limit["value"] is not None and each["word"] != "cannot tell":
            yield Figure(
                _named("limit", each["behaviour"] or "something-else"),
                f"limit of detection, {what}",
                limit["value"],
                limit["low"],
                limit["high"],
                None,
                "",
                "less",
                audit["record"],
            )


def _oversight(card: Mapping[str, Any]) -> Iterator[Figure]:
    for study in card.get("oversight") or ():
        for f in study["figures"]:
            name, label = _named("oversight", study["study"], f["name"]), f"{study['title']}: {f['text']}"
            if f["value"] is None:
                yield _word(name, label, "cannot tell", study["record"])
            else:
                yield Figure(name, label, f["value"], f["low"], f["high"], f["n"], "", "", study["record"])


def _monitors(card: Mapping[str, Any]) -> Iterator[Figure]:
    for each in card.get("monitors") or ():
        yield _word(
            _named("monitor", each["name"], "fits"),
            f"monitor {each['name']}, fits the model",
            each["stale"]["word"],
            each["record"],
        )
        for point in each["points"]:
            name = _named("monitor", each["name"], f"recall at {point['target']:g}")
            label = f"monitor {each['name']}, recall at {point['target']:g} false alarms"
            if found := _rate(name, label, point["recall"], "more", each["record"]):
                yield found


def _live(card: Mapping[str, Any]) -> Iterator[Figure]:
    live: Mapping[str, Sequence[Mapping[str, Any]]] = card.get("live") or {"rates": (), "incidents": ()}
    for each in live["rates"]:
        r = each["rate"]
        label = f"live rate, {words(each['behaviour'])}"
        if r["value"] is not None:
            yield Figure(
                _named("live", each["behaviour"], each["detector"]),
                label,
                r["value"],
                r["low"],
                r["high"],
                r["n"],
                "",
                "less",
                each["record"],
            )
    for each in live["incidents"]:
        label = f"incident, {each['title'] or words(each['behaviour'])}"
        yield _word(_named("incident", each["id"] or each["record"]), label, "confirmed", each["record"])
