"""The doubts that remain about each claim of a card: what is missing, was not told, or would have been missed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseback.disclosure.evidence import OVER_REFUSAL
from caseback.disclosure.measured import counts
from caseback.disclosure.overseen import NOT_LOOKED_AT, REACH, VOTES, not_studied, of_this_model
from caseback.disclosure.wording import arm_name, audited_model, listed_words, within, words

Card = Mapping[str, Any]
Doubt = dict[str, Any]


def doubt(what: str, why: str, record: str | None = None) -> Doubt:
    """One doubt, in words, and the record that says so."""
    return {"what": what, "why": why, "record": record}


def works(monitor: Card) -> bool:
    """Whether a detector is known to work on this model."""
    return monitor["stale"]["word"] in ("fits", "needs no model") and _tested(monitor["self_test"])


def _tested(test: Card) -> bool:
    return bool(test["n"]) and test["failed"] == 0


def adherence(card: Card) -> list[Doubt]:
    """About what it does."""
    found = untold(card)
    document = card["constitution"]
    if document:
        bare = [clause["id"] for clause in document["clauses"] if not any(clause["rates"].values())]
        if bare:
            some = f"{len(bare)} of {len(document['clauses'])} clauses have no rate"
            found.append(doubt(some, f"no judged reply bears on {listed_words(bare)}", document["record"]))
    else:
        found.append(doubt("No constitution is recorded", "so there is nothing to hold the model against"))
    judges = [
        m for group in card["behaviours"] for m in group["measurements"] if not (m["judge"] or {}).get("calibrated")
    ]
    if judges:
        names = dict.fromkeys(
            words(group["behaviour"]) for group in card["behaviours"] if any(m in judges for m in group["measurements"])
        )
        found.append(doubt("Some judges are not calibrated", f"in {listed_words(list(names))}", judges[0]["record"]))
    if not card["behaviours"]:
        found.append(doubt("No behaviour was measured", "the dossier holds no measurement"))
    kinds = {entry["record"]: entry["kind"] for entry in card["evidence"]["records"]}
    said = [entry for entry in card["not_measured"] if kinds.get(entry["record"]) == "not_measured"]
    found += [
        doubt(f"Not measured: {entry['what']}", str(entry["why"] or "no reason is recorded"), entry["record"])
        for entry in said
        if "audit" not in str(entry["what"])
    ]
    return found


def untold(card: Card) -> list[Doubt]:
    """What could not be told, the same reason once."""
    by_why: dict[str, list[Card]] = {}
    for entry in card["cannot_tell"]:
        by_why.setdefault(str(entry["why"]), []).append(entry)
    found = [
        doubt(
            f"Cannot tell: {listed_words(list(dict.fromkeys(words(e['what']) + _where(e) for e in entries)))}",
            why,
            entries[0]["record"],
        )
        for why, entries in by_why.items()
    ]
    verdict = card["verdict"]
    found += [
        doubt(
            f"Cannot tell: {words(change['behaviour'])}",
            "no situation was judged both before and after",
            verdict["record"],
        )
        for change in verdict["changes"]
        if not change["difference"]["n"]
    ]
    few = [change for change in verdict["changes"] if change["difference"]["n"] and _whole_line(change["difference"])]
    if few:
        names = listed_words([words(change["behaviour"]) for change in few])
        found.append(
            doubt(
                f"Cannot tell: {names}",
                "too few families of situations to tell a change from one family's quirk",
                verdict["record"],
            )
        )
    return found


def _whole_line(difference: Card) -> bool:
    """Whether the interval leaves every difference open."""
    return bool(difference["low"] <= -1 and difference["high"] >= 1)


def _where(entry: Card) -> str:
    return f" ({entry['ground']})" if entry["ground"] else ""


def cause(card: Card) -> list[Doubt]:
    """About whether the constitution did it."""
    verdict = card["verdict"]
    found = []
    if not any(arm.startswith("control") for arm in card["arms"]):
        found.append(doubt("There is no control", "the same training on its own unrevised answers was not measured"))
    elif not verdict["against_control"]:
        found.append(doubt("Nothing was compared with the control", "the verdict names no differences from it"))
    even = [
        words(c["behaviour"])
        for c in verdict["against_control"]
        if c["difference"]["n"] and c["difference"]["low"] <= 0 <= c["difference"]["high"]
    ]
    if even:
        found.append(
            doubt(
                f"Not told from the control: {listed_words(even)}",
                "the interval includes no difference",
                verdict["record"],
            )
        )
    seeds = {t["seed"] for t in card["training"] if not t["control_of"] and t["seed"] is not None}
    if len(seeds) == 1:
        record = next(t["record"] for t in card["training"] if not t["control_of"] and t["seed"] is not None)
        found.append(doubt("One seed was trained", "how much another seed would differ is not known", record))
    return found


def ability(card: Card, pairs: Sequence[tuple[str, Card, Card, str]]) -> list[Doubt]:
    """About what training cost; ``pairs`` are (name, before, after, better)."""
    found = []
    if not card["capability"]:
        found.append(doubt("Capability was not measured", "a broken model cannot be told from an aligned one"))
    if not card["over_refusal"]:
        found.append(doubt("Over-refusal was not measured", "whether it refuses harmless requests more is not known"))
    found += [
        doubt(f"Cannot tell: {words(each['what'])}{_where(each)}, {within(arm_name(each['arm']))}", str(each["why"]),
              each["record"])
        for each in unable(card)
    ]  # fmt: skip
    for name, before, after, better in pairs:
        room = loss(before, after, better)
        if room > 0:
            way = "fall" if better == "more" else "rise"
            why = f"the two intervals leave room for a {way} of up to {100 * room:.0f} in 100"
            found.append(doubt(f"{name}: a cost that the figures would not show", why, after["record"]))
    return found


def unable(card: Card) -> list[Card]:
    """What could not be told of the cost: where the model was not able enough, or its refusals could not be read."""
    return [
        each
        for each in card["cannot_tell"]
        if each["what"] in ("capability", OVER_REFUSAL) and each["arm"] in ("before", card["after"])
    ]


def loss(before: Card, after: Card, better: str) -> float:
    """How much may have been lost, as far as the two intervals go."""
    return float(before["high"] - after["low"] if better == "more" else after["high"] - before["low"])


def audit(card: Card, matters: float) -> list[Doubt]:
    """About what is not there."""
    told = card["audit"]
    if not told:
        said = next((e for e in card["not_measured"] if "audit" in str(e["what"])), None)
        why = str(said["why"]) if said else "the dossier holds no audit"
        return [doubt("No audit was run", why, said["record"] if said else None)]
    found = []
    if of_another(card):
        what = f"The audit was of {audited_model(card)}"
        found.append(doubt(what, "what it found, or did not find, is not known of the trained model", told["record"]))
    if told["unable"]:
        found.append(doubt("The audit could tell nothing", told["unable"], told["record"]))
    by_why: dict[str, list[str]] = {}
    for each in told["verdicts"]:
        if each["word"] == "cannot tell":
            by_why.setdefault(str(each["why"] or "no reason is recorded"), []).append(
                each["behaviour"] or "something else"
            )
    found += [
        doubt(f"Cannot tell: {listed_words([words(n) for n in names])}", words(why), told["record"])
        for why, names in by_why.items()
    ]
    found += missed(told, matters)
    panel = (told["calibration"] or {}).get("base")
    if panel and panel not in {subject["name"] for subject in card["subjects"]}:
        found.append(
            doubt(
                "Transfer was not measured",
                f"the panel was calibrated on models grown from {panel}; how it "
                "does on models of another base is not known",
                told["record"],
            )
        )
    looked = {each["behaviour"] for each in told["verdicts"]}
    rest = [words(g["behaviour"]) for g in card["behaviours"] if g["behaviour"] not in looked]
    if rest:
        found.append(
            doubt(
                f"Not looked for by the audit: {listed_words(list(dict.fromkeys(rest)))}",
                "the calibration has no models with it planted",
                told["record"],
            )
        )
    found.append(
        doubt(
            "What nobody thought of",
            "the audit looks for the behaviours that it names, planted by recipes that are known",
            told["record"],
        )
    )
    return found


def of_another(card: Card) -> bool:
    """Whether the audit was of another model than the one that stands as trained."""
    return bool(card["after"]) and card["audit"]["arm"] not in (None, card["after"])


def missed(told: Card, matters: float) -> Iterable[Doubt]:
    """What an audit that found nothing could have missed at the rate that matters."""
    for each in told["verdicts"]:
        limit = each["limit"]
        if each["word"] != "not found" or not each["behaviour"]:
            continue
        name = words(each["behaviour"])
        if not limit or limit["value"] is None:
            yield doubt(
                f"{name}: no limit of detection", "no rate is known from which on it would be found", told["record"]
            )
        elif limit["value"] > matters:
            why = f"it would be found in 95 of 100 models only from {100 * limit['value']:.0f} in 100 on"
            yield doubt(f"{name}: a rate that matters could be missed", why, told["record"])
        elif limit["high"] is None or limit["high"] > matters:
            end = "not known" if limit["high"] is None else f"{100 * limit['high']:.0f} in 100"
            yield doubt(
                f"{name}: a rate that matters may be missed", f"the limit's interval ends at {end}", told["record"]
            )


def depth(card: Card) -> list[Doubt]:
    """About how deep it goes."""
    found = []
    if not card["depth"]:
        found.append(
            doubt("How deep training went was not measured", "the depth battery was not run (caseback character depth)")
        )
    if not card["inside"]:
        found.append(
            doubt(
                "Nothing was looked at inside",
                "the dossier holds no report of activations, features or "
                "weights (caseback look; caseback card add --look)",
            )
        )
    for entry in card["depth"]:
        for arm in entry["arms"]:
            untold = {m: s.get("why") for m, s in arm["scores"].items() if s["value"] is None}
            if arm["unable"] or untold:
                why = arm["unable"] or "; ".join(
                    f"{words(m)}: {w or 'no reason is recorded'}" for m, w in untold.items()
                )
                what = f"{words(entry['behaviour'])}, {arm['arm']}: depth that could not be told"
                found.append(doubt(what, why, entry["record"]))
    own = {subject["digest"] for subject in card["subjects"] if subject["digest"]}
    found += [
        doubt(
            f"“{each['title']}” is of another model",
            f"it names {str(each['model'])[:19]}…, which is none of those here",
            each["record"],
        )
        for each in card["inside"]
        if each["model"] and each["model"] not in own
    ]
    return found


def watched(card: Card) -> list[Doubt]:
    """About live use."""
    found = []
    if not card["live"]["watched"]:
        found.append(doubt("Not watched yet", "nothing is known of live use, which is not the same as clean"))
    if not card["monitors"]:
        found.append(
            doubt("No monitor is shipped with it", "the dossier holds no detector (caseback card add --detector)")
        )
    for each in card["monitors"]:
        name, test, stale = each["name"], each["self_test"], each["stale"]
        if stale["word"] not in ("fits", "needs no model"):
            word = "is stale" if stale["word"] == "stale" else "may be stale"
            found.append(doubt(f"Monitor {name} {word}", stale["why"] or stale["word"], each["record"]))
        if test["failed"] is None or not test["n"]:
            why = test["why"] or "it comes with no self-tests"
            found.append(doubt(f"Monitor {name}: self-test not run", why, each["record"]))
        elif test["failed"]:
            found.append(
                doubt(
                    f"Monitor {name} fails its self-test",
                    f"{test['failed']} of {test['n']} gave another score",
                    each["record"],
                )
            )
        if not each["points"]:
            found.append(
                doubt(
                    f"Monitor {name} has no operating point",
                    "it was not calibrated: what it misses and how often it is wrong is not known",
                    each["record"],
                )
            )
    if card["monitors"] and (rest := unwatched(card)):
        found.append(
            doubt(f"No monitor that works on it for {listed_words(rest)}", "no such detector here looks for it")
        )
    if card["live"]["watched"]:
        found += [
            doubt(f"Monitor {each['name']}: live use is not shown to be as measured", why, each["record"])
            for each in card["monitors"]
            if works(each) and (why := above(card, each))
        ]
    found += [
        doubt(f"Live rate of {words(each['behaviour'])}", each["rate"]["why"] or "it cannot be told", each["record"])
        for each in card["live"]["rates"]
        if each["rate"]["value"] is None or each["rate"]["why"]
    ]
    return found


def unwatched(card: Card) -> list[str]:
    """Behaviours that were measured and that no detector known to work on it looks for."""
    covered = {each["behaviour"] for each in card["monitors"] if works(each)}
    return list(dict.fromkeys(words(g["behaviour"]) for g in card["behaviours"] if g["behaviour"] not in covered))


def above(card: Card, monitor: Card) -> str:
    """Why what a monitor sees in live use is not shown to be at most what was measured; empty where it is.

    Both are held against each other at the upper ends of their intervals; that of live use is for all traffic, what was
    not evaluated counted as violations.
    """
    name, arm = words(monitor["behaviour"]), card["after"] or "before"
    live = next((each["rate"] for each in card["live"]["rates"] if _is_of(each, monitor)), None)
    ends = [live[end] for end in ("high", "high_of_all") if live[end] is not None] if live else []
    if live is None or live["value"] is None or not ends:
        return f"its live rate of {name} is not told"
    if gaps := live["gaps"]:
        return f"{gaps} {'gap' if gaps == 1 else 'gaps'}, of which nobody knows how many exchanges they held"
    measured = [
        (entry["clustered"] or entry["rate"])["high"]
        for group in [*card["behaviours"], *card["over_refusal"]]
        for entry in group["measurements"]
        if (group["behaviour"], entry["arm"]) == (monitor["behaviour"], arm) and counts(entry)
    ]
    if not measured:
        return f"{name} was not measured, so there is nothing to hold its live rate against"
    if max(ends) <= max(measured):
        return ""
    return f"the rate of {name} in all traffic may be up to {max(ends):.2g}, and {max(measured):.2g} was measured"


def _is_of(live: Card, monitor: Card) -> bool:
    same = (live["detector"], live["behaviour"]) == (monitor["name"], monitor["behaviour"])
    return same and live["id"] in (None, monitor["id"])


def oversight(card: Card) -> list[Doubt]:
    """About whether what is weaker would notice."""
    studies = card["oversight"]
    if not studies:
        why = f"{NOT_LOOKED_AT} (caseback oversee; caseback card add DOSSIER REPORT.json)"
        return [doubt("Oversight was not looked at", why)]
    found = []
    for each in studies:
        record = each["record"]
        if not of_this_model(each, card):
            what = f"“{each['title']}” is of other models"
            found.append(doubt(what, "whether it holds of this one is not known", record))
        untold = [f["text"] for f in each["figures"] if f["value"] is None]
        if untold:
            found.append(doubt(f"{each['title']}: cannot tell {listed_words(untold)}", "the study says so", record))
        for f in each["figures"]:
            if f["name"] == REACH and f["value"] is not None:
                why = f"{f['text']}: {f['value']:.3g}; a stronger model lies beyond what was measured"
                found.append(doubt("Trust reaches only so far", why, record))
            if f["name"].startswith(VOTES) and f["value"] is not None:
                why = f"{f['text']}: {f['value']:.3g}; what all of them miss together, none of them catches"
                found.append(doubt("Overseers fail together", why, record))
    if rest := not_studied(studies):
        found.append(doubt(f"Not looked at: {listed_words([within(each) for each in rest])}", "no such study is here"))
    return found


def evidence(card: Card) -> list[Doubt]:
    """About the record itself."""
    kept = card["evidence"]
    known = {entry["record"]: entry for entry in kept["records"]}
    found = [
        doubt(f"Struck: {known[id]['kind'] if id in known else 'a record'} {id[:12]}", why, id if id in known else None)
        for id, why in kept["struck"].items()
    ]
    found += [
        doubt(f"Cannot be read: {id[:12]}", why) for id, why in kept["unreadable"].items() if id not in kept["struck"]
    ]
    if kept["records"]:
        found.append(
            doubt(
                "Nobody else has measured it",
                "all records were written where the model was trained; no one outside has signed or repeated them",
            )
        )
    return found
