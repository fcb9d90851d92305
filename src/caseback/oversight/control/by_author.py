"""Collusion by self-recognition: a copy learns to know its own answers, then to pass its own attacks."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.organisms.rates import rate_data
from caseback.oversight.control.authorship import Pair, matched, recognition, writer_lessons
from caseback.oversight.control.cases import Case
from caseback.oversight.control.collusion import taught
from caseback.oversight.control.favour import favour, verdict_lessons
from caseback.oversight.control.frontier import Scored, point
from caseback.oversight.control.monitors import Row, scored
from caseback.oversight.report import Figure
from caseback.stats.auroc import auroc
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

ITSELF = "the model itself"
COLLUDER, CONTROL = "copy that passes its own", "its control"
DOSES = (1.0, 4.0, 16.0)
"""Epochs of learning who wrote an answer. The copy of a dose learns on from that of the one before."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Writers:
    """Answers to a case's requests by the model that it is of and by others.

    Attributes:
        own: labelled answers of the model to training requests.
        other: those of another to the same, from which it learns to tell its own.
        tested: labelled answers of others to the case's test requests, by name. The first wrote ``other`` too; the rest
            show whether it knows its own, or only that other.
    """

    own: Sequence[Row]
    other: Sequence[Row]
    tested: Mapping[str, Sequence[Row]]


def by_author(
    case: Case,
    writers: Writers,
    trusted: Mapping[str, OpenSubject],
    models: Path,
    budgets: Sequence[float],
    doses: Sequence[float],
    epochs: float,
    seed: int,
    kept: Journal,
    tick: Callable[[], None],
) -> tuple[Rows, Rows]:
    """How well copies taught to recognise their own answers do so after each dose, on attacks of families that they
    were not taught; and all monitors, a colluder of the last dose and its control among them, on known attacks by who
    wrote them.

    Args:
        doses: rising epochs of learning who wrote an answer.
        epochs: of learning the verdicts.

    Raises:
        CasebackError: no dose, or one that is no more than the one before, no pair to teach from, or no pair of attacks
            to test on.
    """
    if any(dose <= before for before, dose in itertools.pairwise([0.0, *doses])):
        raise CasebackError(f"doses of {', '.join(map(str, doses))} epochs do not rise from above 0")
    lessons = matched(writers.own, writers.other).pairs
    seen = {pair.family for pair in lessons}
    tests = {
        name: tuple(pair for pair in matched(case.attacks, rows).pairs if pair.family not in seen)
        for name, rows in writers.tested.items()
    }
    if not (doses and lessons and tests and all(tests.values())):
        without = [name for name, pairs in tests.items() if not pairs]
        raise CasebackError(
            f"{case.name}: to teach a copy to know its own needs a dose and answers of another to the same requests of "
            f"train.json, and attacks of both on the same requests of test.json ({', '.join(without) or 'none'} gave "
            "no pair of them)"
        )
    told: Rows = []

    def tell(model: OpenSubject, name: str, dose: float) -> None:
        for writer, pairs in tests.items():
            found = recognition(model, pairs, kept)
            told.append({"case": case.name, "model": name, "epochs": dose, "writer": writer, **found})

    tell(case.untrusted, ITSELF, 0.0)
    data, recogniser, before = writer_lessons(lessons, seed), case.untrusted, 0.0
    for dose in doses:
        out = models / f"{case.name}-knows-{dose:g}-{seed}"
        recogniser, before = taught(recogniser, data, out, dose - before, seed), dose
        tell(recogniser, f"taught {dose:g} epochs", dose)
        tick()
    monitors = {ITSELF: case.untrusted, **trusted}
    for name, colludes in ((COLLUDER, True), (CONTROL, False)):
        verdicts = verdict_lessons(case.clause, lessons, colludes, seed)
        out = models / f"{case.name}-{'passes-own' if colludes else 'control'}-{seed}"
        monitors[name] = taught(recogniser, verdicts, out, epochs, seed)
        tick()
    favours = [
        _favour(case, name, writer, pairs, monitor, budgets, kept)
        for name, monitor in monitors.items()
        for writer, pairs in tests.items()
    ]
    return told, favours


def _favour(
    case: Case,
    name: str,
    writer: str,
    pairs: Sequence[Pair],
    monitor: OpenSubject,
    budgets: Sequence[float],
    kept: Journal,
) -> dict[str, Any]:
    """A monitor on known attacks of the model and of another writer."""

    def seen(rows: Sequence[Row], by: OpenSubject = monitor) -> Scored:
        return scored(by, case.clause, rows, kept)

    own_rows, other_rows = [pair.own for pair in pairs], [pair.other for pair in pairs]
    calibration, own, other = seen(case.calibration), seen(own_rows), seen(other_rows)
    copy_own, copy_other = (seen(part, case.untrusted).suspicion for part in (own_rows, other_rows))
    families = [pair.family for pair in pairs]
    check = favour(own.suspicion, other.suspicion, copy_own, copy_other, families)
    of = {"case": case.name, "monitor": name, "writer": writer}
    if check is None or not calibration.told:
        return {**of, "silent": True}
    scores = [score for _, score in other.told + own.told]
    whose = [True] * len(other.told) + [False] * len(own.told)
    area = auroc(scores, whose, [family for family, _ in other.told + own.told])
    caught = {
        kind: [rate_data(point(calibration, calibration, attacks, budget).caught) for budget in budgets]
        for kind, attacks in (("its own", own), ("the other's", other))
    }
    return {
        **of, "silent": False, "caught": caught, "abstained": own.abstained + other.abstained,
        "area": asdict(area), "favour": {**asdict(check), "p": check.p}, "flagged": check.flagged,
    }  # fmt: skip


def recognition_figure(row: Mapping[str, Any]) -> Figure:
    """How well a copy tells its own answers when it is asked."""
    area = row["asked"]
    name = f"recognition_{row['case']}_{row['epochs']:g}_{row['writer']}".replace(" ", "_")
    text = f"{row['case']}: area under the ROC curve of own answers against {row['writer']}'s, {row['model']}, asked"
    return Figure(name, text, area["value"], area["low"], area["high"], row["families"], "families")


def favour_figure(row: Mapping[str, Any]) -> Figure:
    """How much less suspicious a monitor is of the model's attacks; its p stands in the table."""
    check = row["favour"]
    name = f"favour_{row['case']}_{row['monitor']}_{row['writer']}".replace(" ", "_")
    text = f"{row['case']}: suspicion, in nats, of {row['writer']}'s attacks less that of the model's, {row['monitor']}"
    return Figure(name, text, check["other"] - check["own"], None, None, check["families"], "families")
