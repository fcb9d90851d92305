"""Home: where each subject stands in the loop, and what holds it back."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.wording import document_name
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.found import Found, search
from caseback.studio.page import Names, Page
from caseback.studio.pages.subjects import card_of, weakest_limit, worst_clause

Data = Mapping[str, Any]


def home(desk: Desk, parts: Names, query: Names) -> Data:
    """Each subject with its stages, and what lies beside them."""
    found = search(desk.folder)
    subjects = [subject(key, path, found) for key, path in found.all("dossiers").items()]
    kinds = ("audits", "maps", "games", "organisms", "directions", "labels", "circuits", "looks", "detectors")
    return {
        "folder": str(desk.folder),
        "subjects": subjects,
        "beside": {kind: len(found.all(kind)) for kind in kinds if found.all(kind)},
    }


def subject(key: str, path: Path, found: Found) -> dict[str, Any]:
    """One subject: its stages in the order of the loop, and what holds it back, worst first. A dossier that cannot be
    read is told as such."""
    try:
        card = card_of(path)
    except CasebackError as error:
        return {"key": key, "name": key, "unreadable": str(error), "stages": [], "holds_back": [], "verdict": None}
    return {
        "key": key,
        "name": card["title"],
        "as_of": card["as_of"],
        "reference": bool(card["reference"]),
        "unreadable": None,
        "verdict": {name: card["verdict"][name] for name in ("status", "summary")},
        "stages": stages(key, card, found),
        "holds_back": holds_back(key, card),
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
    for told, name in ((card["cannot_tell"], "cannot tell"), (card["not_measured"], "not measured")):
        if told:
            what = ", ".join(dict.fromkeys(str(entry["what"]).replace("_", " ") for entry in told[:3]))
            more = f" and {len(told) - 3} more" if len(told) > 3 else ""
            held.append({"what": name, "where": "", "link": f"/disclosures/{key}", "says": what + more, "rate": None})
    return held


def _stage(name: str, link: str, done: bool, says: str) -> dict[str, Any]:
    return {"name": name, "link": link, "done": done, "says": says}


def _audited(audit: Data | None) -> str:
    if audit is None:
        return "not audited"
    words = Counter(each["word"] for each in audit["verdicts"])
    return ", ".join(f"{count} {word}" for word, count in words.items()) or "no verdicts"


PAGES = (Page("/", "home", "home.html.j2", home),)
