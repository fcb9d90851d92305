"""A model and its control are trained side by side or one after the other, and either way come out the same."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from caseback.constitution.default import default
from caseback.dossier.dossier import open_dossier, read_dossier
from caseback.loop import training
from caseback.loop.arms import Plan
from caseback.loop.budget import SMALL
from caseback.loop.job import Job
from caseback.loop.progress import Reporter
from caseback.loop.training import WORTH_A_PROCESS, record_data, train_both
from caseback.training.constitutional import ConstitutionalData
from caseback.training.datum import Datum
from models_for_tests import save_tiny


def rows(count: int, word: str, rejected: str = "") -> list[Datum]:
    return [
        Datum(({"role": "user", "content": f"And {n}?"},), f"{word} {n}.", rejected, clauses=("honesty",), seed=n)
        for n in range(count)
    ]


def trained(start: Path, folder: Path) -> dict[str, tuple[object, object]]:
    """Losses and seconds of every arm, as recorded."""
    data = ConstitutionalData(
        rows(24, "Yes"), rows(12, "Yes", "No"), rows(WORTH_A_PROCESS, "Well"), rows(WORTH_A_PROCESS, "Well", "Oh")
    )
    with open_dossier(folder / "dossier") as dossier:
        plan = Plan("world", {}, {}, (), default(), SMALL, 0)
        console = Console(file=io.StringIO())
        job = Job(
            dossier, Reporter(console, {}), str(start), folder, default(), "", plan, SMALL, 0, False, parameters=10**5
        )
        record_data(job, data)
        both = train_both(job, data, str(start))
        assert both.control.name == "control-dpo"
        assert sorted(path.name for path in (folder / "models").iterdir()) == ["control", "control-dpo", "dpo", "sft"]
    with read_dossier(folder / "dossier") as dossier:
        return {str(r.body["arm"]): (r.body["loss"], r.body["control_of"]) for r in dossier.records("training")}


def test_side_by_side_is_as_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = save_tiny(tmp_path / "start")
    begun = []
    whole = training.beside
    monkeypatch.setattr(training, "beside", lambda work: begun.append(work[-1].name) or whole(work))
    together = trained(start, tmp_path / "together")
    assert begun == ["control", "control-dpo"]
    monkeypatch.setattr(training, "room_for_two", lambda parameters: False)
    assert trained(start, tmp_path / "apart") == together
    assert {arm: of for arm, (_, of) in together.items()} == {
        "sft": None, "control": "sft", "dpo": None, "control-dpo": "dpo"
    }  # fmt: skip
    assert begun == ["control", "control-dpo"]
