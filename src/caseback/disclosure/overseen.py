"""Studies of oversight on a card: from a report's file to a record, and from records to the card's section.

How far a weaker overseer can be trusted with a stronger model is seldom measured on the model that ships: a study names
the models that took part, and the card says whether this one is among them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.evidence import artefact_path, latest, pick
from caseback.disclosure.wording import words
from caseback.dossier import Record
from caseback.errors import CasebackError
from caseback.oversight.report import KIND

NOTEBOOK = "caseback research notebook"
STUDIES = {
    "ladder": "How far trust reaches",
    "saboteurs": "Saboteurs among the overseers",
    "panels": "Debate and panels",
    "control": "Monitoring under an audit budget",
    "independence": "Whether overseers fail together",
    "thought": "Chain of thought",
    "checkpoints": "Between checkpoints",
    "society": "Many agents together",
    "corrigibility": "Corrigibility",
    "easy-or-hard": "Easy world or hard",
}
"""Studies that there are, and what a card calls them."""
SHOWN = 24
"""Figures of a study that a card shows; all of them are in its report."""
NOT_LOOKED_AT = "not looked at: nothing is known of what a weaker overseer would notice"
REACH = "reach"
"""Name of the figure that says up to which gap between overseer and overseen a stated bound was met."""
VOTES = "votes_"
"""How names of figures begin that say as how many independent overseers those of a panel count."""
FIELDS = {"name": str, "text": str, "unit": str, "n": int}
LISTS = {"models": dict, "seeds": list, "notes": list, "final": dict, "counts": dict, "submissions": list}
"""What a report may hold, and as what."""


def study_of(kind: object) -> str | None:
    """The name of the study that a report of this kind tells; None where it tells none."""
    if kind == NOTEBOOK:
        return "research"
    return kind.removeprefix(KIND) if isinstance(kind, str) and kind.startswith(KIND) and kind != KIND else None


def title_of(study: object) -> str:
    """What a card calls a study."""
    name = str(study)
    if name == "research":
        return "An automated researcher"
    return STUDIES.get(name) or words(name)[:1].upper() + words(name)[1:]


def body_of(report: Mapping[str, Any], source: object) -> dict[str, Any]:
    """What a record keeps of a report: its question, its headline figures, what it leaves out, and of which models.

    Args:
        report: as ``caseback.oversight.report`` makes it.
        source: the file, for messages.

    Raises:
        CasebackError: it does not have that form; the field is named.
    """
    study = study_of(report.get("kind"))
    if study is None:
        raise CasebackError(f"{source} is a {report.get('kind')!r:.60}, and no study of oversight; run one again")
    for name, kind in LISTS.items():
        if not isinstance(report.get(name) or kind(), kind):
            raise CasebackError(f"{source}: {name} is {report[name]!r:.40}; run the study again")
    figures = notebook_figures(report) if study == "research" else report.get("figures")
    if not isinstance(figures, list):
        raise CasebackError(f"{source}: figures of a study are a list, not {figures!r:.40}; run the study again")
    told = [_figure(each, f"{source}: figure {number}") for number, each in enumerate(figures, 1)]
    models = report.get("models")
    return {
        "study": study,
        "report": report["kind"],
        "title": title_of(study),
        "asks": str(report.get("about") or ""),
        "models": {str(name): str(digest) for name, digest in models.items()} if isinstance(models, Mapping) else {},
        "seeds": [seed for seed in report.get("seeds") or (report.get("seed"),) if isinstance(seed, int)],
        "figures": told[:SHOWN],
        "total": len(told),
        "notes": [str(note) for note in report.get("notes") or ()],
    }


def notebook_figures(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a researcher's notebook comes to: the gain on the world kept for the end, and what was tried for it."""
    gain = (report.get("final") or {}).get("gain") or {}
    counts = report.get("counts") or {}
    trials = counts.get("trials", 0)
    made = [
        {
            "name": "gain",
            "text": "gain of the chosen settings over the hand-written ones, on a world never scored before",
            **{name: gain.get(name) for name in ("value", "low", "high")},
            "n": gain.get("n", 0),
            "unit": str(gain.get("unit", "cases")),
        }
    ]
    tried = {
        "hypotheses": (counts.get("hypotheses", 0), "hypotheses that were registered"),
        "submissions": (len(report.get("submissions") or ()), "submissions to the sealed scorer"),
        "flags": (len(report.get("flags") or ()), "exploits that were flagged"),
    }
    made += [
        {"name": name, "text": text, "value": count, "low": None, "high": None, "n": trials, "unit": "trials"}
        for name, (count, text) in tried.items()
    ]
    return made


def _figure(found: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise CasebackError(f"{where} is {found!r:.40}, and a figure is an object; run the study again")
    for name, kind in FIELDS.items():
        if not isinstance(found.get(name), kind) or isinstance(found[name], bool):
            raise CasebackError(f"{where}: {name} is {found.get(name)!r:.40}; run the study again")
    for name in ("value", "low", "high"):
        number = found.get(name)
        if number is not None and not _finite(number):
            raise CasebackError(f"{where}: {name} is {number!r:.40}, and must be a number or null; run the study again")
    return {name: found.get(name) for name in ("name", "text", "value", "low", "high", "n", "unit")}


def _finite(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def overseen(records: Sequence[Record], path: str) -> list[dict[str, Any]]:
    """Studies of oversight, the newest of each question, with their headline figures."""
    return [
        {
            **pick(record, "study", "report", "title", "asks", "total"),
            "models": dict(record.body.get("models") or {}),
            "seeds": list(record.body.get("seeds") or ()),
            "figures": [dict(figure) for figure in record.body.get("figures") or ()],
            "notes": list(record.body.get("notes") or ()),
            "paths": {name: artefact_path(path, digest) for name, digest in record.artefacts.items()},
        }
        for record in latest(records, "study", "asks")
    ]


def not_studied(studies: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the studies that are missing would have told, in order."""
    there = {each["study"] for each in studies}
    return [title for name, title in STUDIES.items() if name not in there]


def of_this_model(study: Mapping[str, Any], card: Mapping[str, Any]) -> bool:
    """Whether a model of the card took part in a study."""
    own = {str(subject["digest"]) for subject in card["subjects"] if subject.get("digest")}
    return bool(own & set(study["models"].values()))
