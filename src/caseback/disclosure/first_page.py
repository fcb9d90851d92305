"""The first page of a card, which anybody reads in two minutes: what it is, what was found, what is not known.

Sentences made from the figures behind it; nothing stands here that is not below.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.claims import limit_words, never_shown
from caseback.disclosure.measured import counts
from caseback.disclosure.page_words import in_100
from caseback.disclosure.wording import PLAIN, audited_model, document_name, listed_words, words

Card = Mapping[str, Any]
Line = dict[str, Any]
DIFFERENT = "is different in some other way"
MOST = 7
"""Doubts on the first page; all of them stand in the assurance case."""


def first_page(card: Card) -> dict[str, Any]:
    """``is`` and ``done`` in sentences; ``found``, ``audited`` and ``not_known`` as lines, each with its record."""
    doubts = _doubts(card)
    return {
        "is": _what(card),
        "beside": _beside(card),
        "found": _found(card),
        "costs": _costs(card),
        "audited": _audited(card),
        "audit_why": "" if card["audit"] else _no_audit(card),
        "not_known": doubts[:MOST],
        "more": max(0, len(doubts) - MOST),
    }


def _what(card: Card) -> str:
    before = next((s for s in card["subjects"] if s.get("role") == "before"), None)
    size = f" of {_large(before['parameters'])} parameters" if before and before["parameters"] else ""
    said = f"{card['title']} is a language model{size}. "
    if not card["constitution"]:
        return said + "No constitution is recorded that it was held against."
    clauses = len(card["constitution"]["clauses"])
    name = f"“{document_name(card['constitution'])}”, a document of {clauses} principles"
    if not card["training"]:
        return said + f"It was measured against {name}; nothing was trained."
    how = ", by criticising and revising its own answers" if _revised(card) else ""
    told = [(g, {m["arm"]: m for m in g["measurements"] if counts(m)}) for g in card["behaviours"]]
    after = [(group, arms) for group, arms in told if card["after"] in arms]
    said += f"It was trained towards {name}{how}. "
    if after:
        n = sum(arms[card["after"]]["rate"]["n"] for _, arms in after)
        unseen = ", of kinds that the training never showed" if never_shown([group for group, _ in after]) else ""
        both = ", and so was the model before it" if all("before" in arms for _, arms in after) else ""
        said += f"Then it was tempted to break them in {n:,} situations that could be judged{unseen}{both}."
    return said


def _revised(card: Card) -> bool:
    """Whether the data shown grew from criticism and revision."""
    data = [clause["data"] for clause in card["constitution"]["clauses"] if clause["data"]]
    return any({"critique", "revise"} <= {s["task"] for s in e["steps"]} for each in data for e in each["examples"])


def _beside(card: Card) -> list[Line]:
    """What an audit found and what live use showed: it stands beside the verdict on training, so that none of them is
    read alone."""
    audit, incidents = card["audit"], card["live"]["incidents"]
    found = [
        each["behaviour"] or "something else"
        for each in (audit["verdicts"] if audit else ())
        if each["word"] == "found"
    ]
    lines = []
    if found:
        text = f"An audit of {audited_model(card)} found in it: {listed_words(list(map(words, found)))}."
        lines.append({"text": text, "record": audit["record"]})
    if incidents:
        names = list(dict.fromkeys(words(each["behaviour"]) for each in incidents))
        lines.append({"text": f"Confirmed in live use: {listed_words(names)}.", "record": incidents[0]["record"]})
    return lines


def _large(n: int) -> str:
    for unit, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if n >= unit:
            return f"{n / unit:.3g} {name}"
    return f"{n:,}"


def _found(card: Card) -> list[Line]:
    """Each behaviour before and after, with a word on the change as the verdict has it."""
    changes = {change["behaviour"]: change for change in card["verdict"]["changes"]}
    many = len({group["ground"] for group in card["behaviours"]}) > 1
    lines = []
    for group in card["behaviours"]:
        by_arm = {m["arm"]: m for m in group["measurements"]}
        before, after = by_arm.get("before"), by_arm.get(card["after"])
        told = [m for m in (before, after) if m]
        if not told:
            continue
        untold = not all(map(counts, told))
        # The verdict is on the ground that is measured first; on others nothing is said beyond the figures.
        change = changes.pop(group["behaviour"], None)
        word = "cannot tell" if untold else _word(card, change) if change else ""
        lines.append(
            {
                "what": PLAIN.get(group["behaviour"], words(group["behaviour"])),
                "ground": (group["ground"] or "") if many else "",
                "word": word,
                "n": ((after or before or {})["rate"] or {}).get("n"),
                "before": _share(before),
                "after": _share(after),
                "record": (after or before or {})["record"],
                "before_record": before["record"] if before else None,
            }
        )
    return lines


def _share(measurement: Card | None) -> str:
    rate = measurement and measurement["rate"]
    return in_100(rate["k"] / rate["n"]) if measurement and rate and counts(measurement) else "–"


def _word(card: Card, change: Card) -> str:
    """Fell or rose only where the verdict says so, which allows for the number of behaviours."""
    name = words(change["behaviour"])
    lines = [reason[:1].lower() + reason[1:] for reason in card["verdict"]["reasons"]]
    if any(line.startswith(f"{name}: the control") for line in lines):
        return "fell, as in the control"
    for word in ("fell", "rose"):
        if any(line.startswith(f"{name} {word} from") for line in lines):
            return word
    few = change["difference"]["low"] <= -1 and change["difference"]["high"] >= 1
    return "cannot tell" if few or any(line.startswith(f"{name}: cannot tell") for line in lines) else "no change shown"


def _costs(card: Card) -> list[Line]:
    lines = []
    names = (("capability", "Questions answered rightly"), ("over_refusal", "Harmless requests refused"))
    for section, name in names:
        for group in card[section]:
            by_arm = {m["arm"]: m for m in group["measurements"]}
            told = [by_arm.get("before"), by_arm.get(card["after"])]
            last = told[1] or told[0]
            if last:
                lines.append(
                    {
                        "what": name,
                        "ground": (group["ground"] or "") if len(card[section]) > 1 else "",
                        "word": "" if all(counts(m) for m in told if m) else "cannot tell",
                        "n": (last["rate"] or {}).get("n"),
                        "before": _share(told[0]),
                        "after": _share(told[1]),
                        "record": last["record"],
                        "before_record": told[0]["record"] if told[0] else None,
                    }
                )
    return lines


def _audited(card: Card) -> list[Line]:
    """Verdicts of the audit, those that say the same together."""
    audit = card["audit"]
    alike: dict[tuple[str, str], list[str]] = {}
    for each in audit["verdicts"] if audit else ():
        what = PLAIN.get(each["behaviour"], words(each["behaviour"])) if each["behaviour"] else DIFFERENT
        alike.setdefault((each["word"], _missed(each)), []).append(what)
    order = sorted(alike, key=lambda key: ("found", "not found", "cannot tell").index(key[0]))
    return [
        {"what": "; ".join(alike[key]), "word": key[0], "missed": key[1], "record": audit["record"]} for key in order
    ]


def _missed(verdict: Card) -> str:
    why = words(verdict["why"] or "no reason is recorded")
    if verdict["word"] != "not found" or not verdict["behaviour"]:
        return why
    limit = verdict["limit"]
    known = bool(limit) and limit["value"] is not None
    return f"{limit_words(limit)}; if rarer, it could be missed" if known else limit_words(limit)


def _no_audit(card: Card) -> str:
    said = next((e for e in card["not_measured"] if "audit" in str(e["what"])), None)
    return str(said["why"]) if said else "the dossier holds no audit"


def _doubts(card: Card) -> list[Line]:
    """One from each claim in turn, those of claims that cannot be told or do not hold first."""
    rank = {"does not hold": 0, "cannot tell": 0, "holds in part": 1, "holds": 2}
    nodes: Sequence[Card] = sorted(card["assurance"]["nodes"], key=lambda node: rank[node["status"]])
    struck = card["evidence"]["struck"]  # these have a place of their own on the page
    columns = [[each for each in node["doubts"] if struck.get(each["record"]) != each["why"]] for node in nodes]
    return [column[at] for at in range(max(map(len, columns), default=0)) for column in columns if at < len(column)]
