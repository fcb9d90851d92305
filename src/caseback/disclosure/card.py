"""The card of a dossier: what was found about a subject, as plain data. It is a view of the records.

Figures are chosen and arranged, each with the record that it comes from; what a dossier does not hold is listed as not
measured, and what rests on evidence that is missing or was altered is struck. The form is published as
``card.schema.json``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback import __version__
from caseback.disclosure.assurance import MATTERS, assurance
from caseback.disclosure.beyond import inside, live, monitors
from caseback.disclosure.checked import Checked, checked
from caseback.disclosure.clauses import constitution, data_of
from caseback.disclosure.evidence import OVER_REFUSAL, TRAINED, in_order, latest, list_records, show_samples, with_id
from caseback.disclosure.figures import figure_data, figures
from caseback.disclosure.first_page import first_page
from caseback.disclosure.form import NEWEST, wrong_section
from caseback.disclosure.former import changes_since
from caseback.disclosure.measured import audit, cannot_tell, capability, depth, groups, training, verdict
from caseback.disclosure.missing import not_measured
from caseback.disclosure.overseen import overseen
from caseback.dossier import Dossier, Record
from caseback.errors import CasebackError

REFERENCE = (
    "This subject is a small reference model, trained from scratch on a generated world to test and calibrate the "
    "method. Its figures are never presented as evidence about large models."
)
SUBJECT = ("role", "name", "digest", "parameters", "architecture", "path", "reference")


def card(dossier: Dossier, path: str = ".", *, matters: float = MATTERS, upto: str | None = None) -> dict[str, Any]:
    """The card of a dossier, in the form of ``card.schema.json``.

    Args:
        dossier: The evidence. Records that are missing become entries of ``not_measured``; figures whose record or
            artefact is missing or was altered are struck, with the reason, under ``evidence.struck``.
        path: The dossier's folder relative to the place where the card will lie, so that it can name artefacts.
        matters: The rate of a behaviour when tempted, between 0 and 1, from which on it matters to the reader: an audit
            that would not have found it is among the doubts.
        upto: Id of the record to stop at, so that a card can be made again as it was.

    Raises:
        CasebackError: where the database cannot be read, or a record does not have the form that the card shows.
    """
    read = checked(dossier, upto)
    made = _sections(dossier, read, path)
    if wrong_section(made) and read.altered:  # a record that was altered may have lost its form: it cannot be shown
        read = read.without(read.altered)
        made = _sections(dossier, read, path)
    if flaw := wrong_section(made):
        raise CasebackError(f"{dossier.path}: a record cannot be shown; {flaw}")
    made["figures"] = [figure_data(figure) for figure in figures(made)]
    made["assurance"] = assurance(made, matters)
    former = next((record for record in reversed(read.records) if record.kind == "former_card"), None)
    made["changes"] = changes_since(dossier, former, made)
    made["first_page"] = first_page(made)
    return made


def _sections(dossier: Dossier, read: Checked, path: str) -> dict[str, Any]:
    """What records say, section by section."""
    by_kind: dict[str, list[Record]] = {}
    for record in read.records:
        by_kind.setdefault(record.kind, []).append(record)
    measured = latest(by_kind.get("measurement", ()), "arm", "behaviour", "ground", "split")
    able = latest(by_kind.get("capability", ()), "arm", "ground")
    arms = in_order({str(record.body.get("arm")) for record in [*measured, *able]})
    after = next((arm for arm in TRAINED if arm in arms), None)
    subjects = [dict.fromkeys(SUBJECT) | with_id(record) for record in by_kind.get("subject", ())]
    found = groups(by_kind.get("measurement", ()), arms)
    artefacts = {record.id: record.artefacts for record in read.records}
    data = data_of(dossier, next(iter(by_kind.get("training_data", ())[-1:]), None), path)
    return {
        "format": NEWEST,
        "version": __version__,
        "title": _title(subjects),
        "as_of": read.records[-1].time if read.records else None,
        "reference": REFERENCE if any(subject.get("reference") for subject in subjects) else None,
        "arms": arms,
        "after": after,
        "verdict": verdict(by_kind.get("verdict", ())),
        "cannot_tell": cannot_tell(measured, able),
        "run": {"machine": {}, **with_id(by_kind["run"][-1])} if "run" in by_kind else None,
        "subjects": subjects,
        "constitution": constitution(by_kind, arms, data),
        "behaviours": [group for group in found if group["behaviour"] != OVER_REFUSAL],
        "over_refusal": [group for group in found if group["behaviour"] == OVER_REFUSAL],
        "capability": capability(able, arms),
        "training": [training(record) for record in by_kind.get("training", ())],
        "depth": depth(by_kind.get("depth", ()), path),
        "inside": inside(by_kind.get("inside", ()), path),
        "audit": audit(by_kind["audit"][-1]) if "audit" in by_kind else None,
        "oversight": overseen(by_kind.get("oversight", ()), path),
        "monitors": monitors(by_kind.get("monitor", ()), path),
        "live": live(by_kind, path),
        "not_measured": not_measured(by_kind, found, arms),
        "evidence": {
            "head": read.records[-1].id if read.records else "",
            "path": path,
            "struck": dict(read.struck),
            "unreadable": dict(read.unreadable),
            "records": list_records(read.records, path),
            "samples": [show_samples(dossier, group, after, path, artefacts) for group in found],
        },
    }


def _title(subjects: Sequence[Mapping[str, Any]]) -> str:
    before = [subject for subject in subjects if subject.get("role") == "before"] or subjects
    return str(before[0].get("name") or "Unnamed subject") if before else "Unnamed subject"
