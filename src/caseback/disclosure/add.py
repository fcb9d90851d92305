"""What goes into a dossier so that its card shows it: detectors, reports from inside and of oversight, the card before.

Each function reads and stores what lies behind an entry; nothing is in the record before all are appended.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseback.detectors.files import RECORD, TENSORS, detector_id, load_detector
from caseback.detectors.kinds import kind_of
from caseback.detectors.self_test import self_test, stale
from caseback.disclosure.form import parsed
from caseback.disclosure.overseen import NOTEBOOK, body_of, study_of
from caseback.disclosure.read_card import json_of, read_card
from caseback.disclosure.wording import words
from caseback.dossier import Dossier, Record
from caseback.errors import CasebackError
from caseback.oversight.read_report import read_json
from caseback.oversight.report import KIND

if TYPE_CHECKING:  # torch and its kin are loaded only where a detector reads activations
    from caseback.detectors.detector import Detector
    from caseback.subject.open_subject import OpenSubject

SHOWN = 8
"""Figures of a report that a card shows; all of them are in its file."""
REPORTS = {
    "caseback difference": (
        "What training changed inside",
        "How far did activations, heads and weights move, and is a clause told apart there?",
    ),
    "caseback labels": (
        "What features stand for",
        "Do labels of features hold when the features are switched on and off?",
    ),
    "caseback pretending": (
        "Nice, or pretending to be",
        "Is a model that is nice while it is watched told from a nice one, from inside?",
    ),
    "caseback forecast, scored": ("What was foretold from inside", "Was behaviour in situations never run foretold?"),
    "caseback direction study": (
        "A direction in activations",
        "Does a direction carry a behaviour, on families it never saw?",
    ),
    "caseback steering": (
        "Steering along a direction",
        "Does adding it change what the model does, more than a random vector does?",
    ),
    "caseback introspection": ("Planted thoughts", "Does the model notice what was planted in its activations?"),
    "caseback discovery": (
        "What nobody thought of",
        "Does it differ from innocent models in something that has no name?",
    ),
    "condition map": ("Under which conditions", "Which conditions bring the behaviour out?"),
}
"""Reports by the kind at their head: a title, and the question they answer."""


@dataclass(frozen=True)
class Entry:
    """A record to append."""

    kind: str
    body: Mapping[str, Any]
    artefacts: Mapping[str, str]


def append(dossier: Dossier, entries: Sequence[Entry]) -> list[Record]:
    """Append them in order."""
    return [dossier.append(each.kind, each.body, artefacts=each.artefacts) for each in entries]


def of_detector(dossier: Dossier, folder: Path, subject: "OpenSubject | None" = None) -> Entry:
    """Put a detector into a dossier: its files, its operating points, its self-tests run now, and whether it fits.

    Args:
        dossier: The evidence.
        folder: Of the detector.
        subject: The model that it goes with; needed to test one that reads activations, whose state is otherwise
            recorded as not known.

    Raises:
        CasebackError: the detector cannot be read, or the disk is full.
    """
    detector = load_detector(folder)
    known, fits = detector.known, stale(detector, subject)
    kept = {name: dossier.put(folder / name) for name in (RECORD, TENSORS) if (folder / name).exists()}
    body = {
        "name": detector.name,
        "behaviour": detector.behaviour,
        "kind": kind_of(detector),
        "needs": detector.needs,
        "id": detector_id(detector),
        "model": subject.digest if subject else None,
        "clauses": list(known.clauses),
        "failures": list(known.failures),
        "points": _points(detector),
        "cost": asdict(known.cost) if known.cost else None,
        "self_test": _tested(detector, subject),
        "stale": {"word": fits.word, "why": fits.why},
    }
    return Entry("monitor", body, kept)


def _points(detector: "Detector") -> list[dict[str, Any]]:
    found = detector.known.calibration
    return [
        {
            "target": point.threshold.target,
            "threshold": point.threshold.value,
            "false_alarms": {name: getattr(point.threshold, name) for name in ("expected", "low", "high", "n")},
            "recall": asdict(point.recall),
        }
        for point in (found.points if found else ())
    ]


def _tested(detector: "Detector", subject: "OpenSubject | None") -> dict[str, Any]:
    if detector.needs == "activations" and subject is None:
        return {
            "n": len(detector.known.self_tests),
            "failed": None,
            "why": "it reads activations, and no model was given",
        }
    tested = self_test(detector, subject)
    return {"n": tested.n, "failed": len(tested.failed), "why": "" if tested.n else "it comes with no self-tests"}


def of_report(dossier: Dossier, file: Path) -> Entry:
    """Put a report into a dossier, of ``caseback look`` or of a study of oversight: the file, its page where one lies
    beside it, its first figures.

    Raises:
        CasebackError: it cannot be read or is no report, or the disk is full.
    """
    held = read_json(file, "caseback look or caseback oversee")
    report = held if isinstance(held, dict) else {}
    kind = report.get("kind")
    page = file.with_suffix(".html")
    if study_of(kind) is not None:
        body = body_of(report, file)
        return Entry("oversight", body, _kept(dossier, file, page))
    if kind not in REPORTS:
        known = ", ".join((*REPORTS, f"{KIND}… (caseback oversee)", NOTEBOOK))
        raise CasebackError(f"{file} is a {kind!r:.60}, which a card does not show; it shows: {known}")
    title, asks = REPORTS[kind]
    about = next(
        (str(report[name]) for name in ("name", "about", "behaviour") if isinstance(report.get(name), str)), ""
    )
    all_figures = list(_figures(report, ""))
    body = {
        "report": kind,
        "title": f"{title}: {words(about)}" if about else title,
        "asks": asks,
        "subject": _text(report, "subject", "base"),
        "model": _text(report, "model", "digest", "base_digest"),
        "figures": all_figures[:SHOWN],
        "total": len(all_figures),
    }
    return Entry("inside", body, _kept(dossier, file, page))


def _kept(dossier: Dossier, file: Path, page: Path) -> dict[str, str]:
    """The report, and its page where there is one, as artefacts."""
    return {"report": dossier.put(file)} | ({"page": dossier.put(page)} if page.exists() else {})


def _text(report: Mapping[str, Any], *names: str) -> str | None:
    return next((report[name] for name in names if isinstance(report.get(name), str)), None)


NAMING = (
    "name",
    "variable",
    "clause",
    "text",
    "behaviour",
    "family",
    "arm",
    "encoding",
    "condition",
    "site",
    "levels",
    "of",
)
"""Fields that say what an object in a list is."""


def _figures(value: object, where: str) -> Iterator[dict[str, Any]]:
    """Every figure with an interval in a report, in the order in which it stands there, labelled by where it stands."""
    if isinstance(value, list):
        names = [_named(item) for item in value]
        often = Counter(names)
        for number, (name, item) in enumerate(zip(names, value, strict=True), 1):
            if often[name] > 1 or not name:
                name = f"{name} {number}".strip()
            yield from _figures(item, f"{where}, {name}" if where else name)
    elif isinstance(value, dict):
        figure = _figure(value)
        if figure is not None:
            yield {"label": where or "figure", **figure}
            return
        for name, item in value.items():
            yield from _figures(item, f"{where}, {words(name)}" if where else words(name))


def _named(item: object) -> str:
    if not isinstance(item, dict):
        return ""
    told = (item[name] for name in NAMING if item.get(name))
    named = (", ".join(each) if _texts(each) else each for each in told)
    return next((words(each) for each in named if isinstance(each, str)), "")


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _figure(value: Mapping[str, Any]) -> dict[str, Any] | None:
    low, high = value.get("low"), value.get("high")
    if not (_number(low) and _number(high)):
        return None
    k, n = value.get("k"), value.get("n")
    told = value.get("value")
    if told is None and isinstance(k, int) and isinstance(n, int) and n > 0:
        told = k / n
    if not _number(told):
        return None
    return {"value": told, "low": low, "high": high, "n": n if isinstance(n, int) else None}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def of_former(dossier: Dossier, path: Path) -> Entry:
    """Name the card before this one, from a card's JSON or page, or a dossier: the card keeps what changed since.

    Raises:
        CasebackError: it is no card, or the disk is full.
    """
    if path.is_dir():
        content = json.dumps(read_card(path), ensure_ascii=False).encode("utf-8", "backslashreplace")
    else:
        file = json_of(path)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CasebackError(f"{file}: no card to read ({error.strerror}); name a card.json or a dossier") from None
    card = parsed(content, str(path))
    body = {"title": card["title"], "as_of": card["as_of"], "head": card["evidence"]["head"], "format": card["format"]}
    return Entry("former_card", body, {"card": dossier.put(content)})
