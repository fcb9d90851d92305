"""Home: where each subject stands in the loop, and what holds it back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.disclosure.overseen import of_this_model
from caseback.disclosure.wording import document_name
from caseback.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.found import Found, search
from caseback.studio.page import Names, Page
from caseback.studio.pages.live import glance
from caseback.studio.pages.subjects import card_of, weakest_limit, worst_clause
from caseback.watch.incidents.finding import KIND

Data = Mapping[str, Any]
BESIDE = (
    "audits",
    "maps",
    "games",
    "organisms",
    "directions",
    "labels",
    "circuits",
    "looks",
    "detectors",
    "studies",
    "notebooks",
)
"""What is counted beside the subjects."""


def home(desk: Desk, parts: Names, query: Names) -> Data:
    """Each subject with its stages, and what lies beside them."""
    found = search(desk.folder)
    live = [glance(desk, name, where) for name, where in desk.stores.where(desk.folder).items()]
    subjects = [subject(desk, key, path, found, live) for key, path in found.all("dossiers").items()]
    return {
        "folder": str(desk.folder),
        "subjects": subjects,
        "live": live,
        "beside": {kind: len(found.all(kind)) for kind in BESIDE if found.all(kind)},
    }


def subject(desk: Desk, key: str, path: Path, found: Found, live: Sequence[Data]) -> dict[str, Any]:
    """One subject: its stages in the order of the loop, and what holds it back, worst first. A dossier that cannot be
    read is told as such. ``live`` is every store at a glance."""
    try:
        card = card_of(path)
    except CasebackError as error:
        return {"key": key, "name": key, "unreadable": str(error), "stages": [], "holds_back": [], "verdict": None}
    watched = in_use(desk, live, {Path(card["title"]).name, Path(key).name})
    return {
        "key": key,
        "name": card["title"],
        "as_of": card["as_of"],
        "reference": bool(card["reference"]),
        "unreadable": None,
        "verdict": {name: card["verdict"][name] for name in ("status", "summary")},
        "stages": [*stages(key, card, found), live_stage(watched), findings_stage(key, path)],
        "holds_back": [*holds_back(key, card), *live_holds_back(watched)],
    }


def stages(key: str, card: Data, found: Found) -> list[dict[str, Any]]:
    """The stages of the loop: what each has to say of itself, and whether it was gone through."""
    document, audit = card["constitution"], card["audit"]
    trained = [entry for entry in card["training"] if not entry["control_of"]]
    looked = [kind for kind in ("looks", "directions", "labels", "circuits") if found.all(kind)]
    inside = Counter({kind: len(found.all(kind)) for kind in looked})
    return [
        _stage("constitution", f"/constitution/{key}", document is not None,
               f"{document_name(document)}: {len(document['clauses'])} clauses" if document else "none is recorded"),
        _stage("training", f"/constitution/{key}", bool(trained),
               f"{sum(e['examples'] or 0 for e in trained):,} examples, {len(trained)} stages" if trained
               else "nothing was trained"),
        _stage("looking inside", "/inside", bool(looked) or bool(card["depth"]),
               f"{sum(inside.values()) + len(card['depth'])} things looked at" if looked or card["depth"]
               else "not looked inside"),
        _stage("audit", f"/audit/subject/{key}", audit is not None, _audited(audit)),
        _stage("oversight", "/oversight", bool(card["oversight"]), _overseen(card)),
    ]  # fmt: skip


def holds_back(key: str, card: Data) -> list[dict[str, Any]]:
    """What is weakest about a subject: where it adheres least, what an audit would miss, what nobody measured."""
    held: list[dict[str, Any]] = []
    worst = worst_clause(card)
    if worst:
        rate = worst["rate"]
        held.append(
            {
                "what": "lowest adherence",
                "where": worst["id"],
                "link": f"/constitution/{key}/clauses/{worst['id']}",
                "says": f"goes against it in {rate['k']} of {rate['n']} replies",
                "rate": rate,
            }
        )
    weakest = weakest_limit(card["audit"])
    if weakest:
        limit = weakest["limit"]
        known = limit is not None and limit["value"] is not None
        held.append(
            {
                "what": "weakest limit",
                "where": weakest["behaviour"],
                "link": f"/audit/subject/{key}",
                "says": f"found in 95 of 100 only from a rate of {limit['value']:.2f} on" if known and limit
                else "no rate is known at which it would be found",
                "rate": None,
            }
        )  # fmt: skip
    if struck := card["evidence"]["struck"]:
        says = f"{len(struck)} records rest on what is missing or was altered, and do not stand"
        held.append({"what": "evidence", "where": "", "link": f"/disclosures/{key}", "says": says, "rate": None})
    for told, name in ((card["cannot_tell"], "cannot tell"), (card["not_measured"], "not measured")):
        if told:
            what = ", ".join(dict.fromkeys(str(entry["what"]).replace("_", " ") for entry in told[:3]))
            more = f" and {len(told) - 3} more" if len(told) > 3 else ""
            held.append({"what": name, "where": "", "link": f"/disclosures/{key}", "says": what + more, "rate": None})
    return held


def in_use(desk: Desk, live: Sequence[Data], names: set[str]) -> list[dict[str, Any]]:
    """The live stores with exchanges of a model of one of these names: how many they are, and what is amiss there."""
    made = []
    for seen in live:
        if seen["unreadable"]:
            continue
        marks = ", ".join("?" * len(names))
        [row] = desk.stores.open(desk.folder, seen["name"]).query(
            f"SELECT COUNT(*) AS n FROM exchanges WHERE model IN ({marks})", sorted(names)
        )
        if row["n"]:
            made.append({**seen, "of_it": row["n"]})
    return made


def live_stage(watched: list[dict[str, Any]]) -> dict[str, Any]:
    """The stage of live use."""
    link = f"/live/{watched[0]['name']}" if len(watched) == 1 else "/live"
    said = f"{sum(each['of_it'] for each in watched):,} exchanges watched" if watched else "not watched under its name"
    return _stage("live", link, bool(watched), said)


def findings_stage(key: str, path: Path) -> dict[str, Any]:
    """The stage of findings: what came from live use into the dossier."""
    with read_dossier(path) as dossier:
        count = sum(1 for _ in dossier.records(KIND))
    said = f"{count} from live use" if count else "none from live use"
    return _stage("findings", f"/disclosures/{key}", bool(count), said)


def live_holds_back(watched: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is amiss in live use: incidents that nobody decided, alerts, and what was not seen."""
    held: list[dict[str, Any]] = []
    for each in watched:
        there = f"/live/{each['name']}"
        undecided = sum(each["incidents"].get(state, 0) for state in ("open", "under review"))
        missing = f"{each['missed']:,} exchanges are known to be missing" if each["missed"] else ""
        for what, link, says in (
            ("incidents", f"{there}/incidents", f"{undecided:,} are not decided" if undecided else ""),
            ("alerts", f"{there}/alerts", f"{each['alerts']:,} are open" if each["alerts"] else ""),
            ("coverage", there, missing),
        ):
            if says:
                held.append({"what": what, "where": each["name"], "link": link, "says": says, "rate": None})
    return held


def _stage(name: str, link: str, done: bool, says: str) -> dict[str, Any]:
    return {"name": name, "link": link, "done": done, "says": says}


def _overseen(card: Data) -> str:
    studies = card["oversight"]
    if not studies:
        return "not looked at"
    own = sum(of_this_model(each, card) for each in studies)
    return f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}, {own} with this model"


def _audited(audit: Data | None) -> str:
    if audit is None:
        return "not audited"
    words = Counter(each["word"] for each in audit["verdicts"])
    return ", ".join(f"{count} {word}" for word, count in words.items()) or "no verdicts"


PAGES = (Page("/", "home", "home.html.j2", home),)
