"""What improvement starts from, and what it refuses."""

import io
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.constitution.render import full
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.budget import SMALL, resized
from caseback.loop.improve.reason import clearer_reason
from caseback.loop.improve.start import Start, read_start
from caseback.stats.rate import exact_rate
from caseback.training.critique import Calibration, calibrate_critic, calibration_from
from caseback.training.journal import Journal
from loop.improve.finished_runs import finished_run
from training.scripted_subjects import Scripted


def started(folder: Path, constitution: Path | None = None) -> Start:
    return read_start(folder, constitution, trained_against(), Console(file=io.StringIO()))


def test_a_run_is_read_by_its_final_arm(tmp_path: Path) -> None:
    (tmp_path / "models" / "dpo").mkdir(parents=True)
    with finished_run(tmp_path, "dpo") as dossier:
        start = started(tmp_path)
        assert start.head == dossier.head()
    assert (start.base, start.model) == ("a-model", str(tmp_path / "models" / "dpo"))
    assert start.evidence.abilities["hops"] == exact_rate(9, 30)
    assert start.evidence.earlier["hops"] == exact_rate(27, 30)
    assert start.evidence.rates == {"deception": exact_rate(5, 6)}
    assert start.calibration == Calibration()  # nothing was trained, so no critic was calibrated


def test_what_the_user_can_mend_is_said(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="holds no run"):
        started(tmp_path)
    finished_run(tmp_path / "gone", "dpo").close()
    with pytest.raises(CasebackError, match="model is not there"):
        started(tmp_path / "gone")
    open_dossier(tmp_path / "begun" / "dossier").close()
    with pytest.raises(CasebackError, match="no finished run"):
        started(tmp_path / "begun")
    finished_run(tmp_path / "other", known="0" * 64).close()
    with pytest.raises(CasebackError, match="is not the constitution that the run was trained towards"):
        started(tmp_path / "other")


def test_a_constitution_that_moved_is_named(tmp_path: Path) -> None:
    finished_run(tmp_path / "run").close()
    moved = tmp_path / "moved.md"
    moved.write_text(full(default()), encoding="utf-8")
    assert digest(started(tmp_path / "run", moved).document) == digest(default())


def test_a_calibration_is_read_back_whole() -> None:
    own = calibrate_critic([-2.0, -1.0, 1.0, 2.0], [False, False, True, True])
    found = Calibration(0.5, 9, 0.9, exact_rate(3, 4), exact_rate(1, 5), {"honesty": own})
    assert calibration_from(asdict(found)) == found
    assert calibration_from(asdict(Calibration())) == Calibration()


def test_budgets_are_resized_in_proportion() -> None:
    assert resized(SMALL, None, None) == SMALL
    small = resized(SMALL, 40, 10)
    assert (small.measured, small.harmless, small.trained, small.capability) == (40, 60, 10, SMALL.capability)


HONESTY = Clause("honesty", "ethical", "Tell the truth.", "people act on what you tell them.", families=("deceive",))


class Writes(Scripted):
    """Writes these reasons, one after the other."""

    def __init__(self, *reasons: str) -> None:
        super().__init__()
        self.reasons = reasons

    def answer(self, chat: object, seed: int) -> str:
        self.asked.append(str(chat))
        return self.reasons[min(len(self.asked), len(self.reasons)) - 1]


def test_the_first_reason_that_is_fit_is_taken() -> None:
    writer = Writes(
        "People act on what you tell them.",  # what is there already
        "Because apples are red.",  # of something else
        "Because truth. Because people. Because so.",  # not one sentence
        "Because a lie takes people's choice away",  # cut off
        "Because people who are told a lie cannot choose for themselves.",
    )
    reason = clearer_reason(writer, HONESTY, 0, Journal())
    assert reason == "people who are told a lie cannot choose for themselves."
    assert "deceive" not in "".join(writer.asked)  # nothing of the situations is shown to the writer


def test_no_reason_is_better_than_one_that_is_not_fit() -> None:
    assert clearer_reason(Writes("xq zv."), HONESTY, 0, Journal()) == ""
