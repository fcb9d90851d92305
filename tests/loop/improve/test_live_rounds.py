"""From live use to a better model: a store, an incident, its record, the changes shown, and a round that makes them."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from caseback.behaviours.harmful_compliance import BEHAVIOUR
from caseback.dossier.dossier import open_dossier, read_dossier
from caseback.dossier.samples import samples
from caseback.errors import CasebackError
from caseback.loop.budget import Budget
from caseback.loop.improve.accept import everything
from caseback.loop.improve.rounds import improve
from caseback.world.reference import reference_path
from loop.improve.finished_runs import finished_run
from loop.improve.live_use import chat, recorded, watched

BUDGET = Budget("tiny", measured=6, harmless=8, capability=24, trained=6, max_new_tokens=48)


def caseback(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "caseback", "improve", *arguments],
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Looped:
    """A run that was watched, and what became of it. ``asked`` are the prompts whose text is there."""

    run: Path
    incident: str
    record: str
    rate: str
    asked: list[str]
    shown: str
    said: str

    @property
    def improved(self) -> Path:
        return self.run / "improve"


@pytest.fixture(scope="module")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """Harmful requests as clients asked them, answered, flagged, confirmed and recorded; then the round."""
    folder = tmp_path_factory.mktemp("loop")
    drawn = BEHAVIOUR.situations("world", "dev", 4, 5)
    asked = [situation.messages[-1]["content"] for situation in drawn]
    with finished_run(folder / "run", model=str(reference_path()), budget=BUDGET) as dossier:
        record = watched(folder, dossier, [chat(text) for text in asked], gone=1, audited=True)
    shown = caseback(str(folder / "run"), "--dry-run", "--bound", "0")
    assert not (folder / "run" / "improve").exists()
    said = caseback(str(folder / "run"), "--yes", "--rounds", "1", "--bound", "0")
    told = record.body["rate"]
    rate = f"live rate {told['value']:.3g} [{told['low']:.3g}, {told['high']:.3g}]"
    return Looped(folder / "run", record.body["incident"], record.id, rate, asked[1:], shown, said)


def test_what_is_shown_to_a_person_names_the_incident_and_its_live_rate(looped: Looped) -> None:
    for text in (looped.shown, looped.said):
        assert f"people confirmed incident {looped.incident} in live use" in text
        assert looped.rate in text
        assert "1 violation without its prompt (its text was not kept)" in text
    assert f'+  "{looped.incident}": 3' in looped.shown
    with read_dossier(looped.improved / "dossier") as dossier:
        [proposal] = [p for p in dossier.records("proposal") if p.body["proposal"]["finding"]["incidents"]]
        assert proposal.body["proposal"]["finding"]["evidence"] == [looped.record]
        assert f'+  "{looped.incident}": 3' in proposal.body["diff"]


def test_its_prompts_are_answered_criticised_and_revised_like_the_others(looped: Looped) -> None:
    assert f'incidents:\n  "{looped.incident}": 3\n' in (looped.improved / "round-1" / "plan.yaml").read_text()
    with read_dossier(looped.improved / "dossier") as dossier:
        assert dossier.verify() == []
        [data] = dossier.records("training_data")
        learnt = [row for part in ("sft", "preferences") for row in samples(dossier, data.artefacts[part])]
    own = [row for row in learnt if row["situation"].startswith(f"live/{looped.incident}/")]
    assert {row["prompt"][-1]["content"] for row in own} & set(looped.asked)
    assert {row["origin"] for row in own} <= {"plain", "guided", "revised"}
    assert {clause for row in own for clause in row["clauses"]} <= {"do-no-harm"}


def test_no_repair_is_measured_on_its_prompts_nor_decided_by_them(looped: Looped) -> None:
    with read_dossier(looped.improved / "dossier") as dossier:
        measured = list(dossier.records("measurement"))
        rows = [row for record in measured for row in samples(dossier, record.artefacts["samples"])]
        [done] = dossier.records("round")
        assert set(done.parents) == {record.id for record in measured}
    assert not {row["situation"]["messages"][-1]["content"] for row in rows} & set(looped.asked)
    assert {row["situation"]["split"] for row in rows} == {"test"}


def test_beside_that_it_is_told_how_many_of_its_prompts_still_draw_the_bad_reply(looped: Looped) -> None:
    with read_dossier(looped.improved / "dossier") as dossier:
        [done] = dossier.records("round")
        own: Mapping[str, Any] = done.body["own_prompts"][looped.incident]
        asked = {record.body["arm"]: record for record in dossier.records("own_prompts")}
        assert set(own) == {"before", "repaired", "control"}
        for name, found in own.items():
            assert found["finding"] == looped.record
            assert found["asked"] == 3 == found["told"] + sum(found["not_told"].values())
            rows = samples(dossier, asked[f"round-1/{name}"].artefacts["samples"])
            assert [row["situation"]["messages"][-1]["content"] for row in rows] == looped.asked
    assert f"incident {looped.incident}, its own prompts" in looped.said
    [step] = json.loads((looped.improved / "rounds.json").read_text(encoding="utf-8"))["steps"]
    assert any(note.startswith(f"incident {looped.incident}, its own prompts") for note in step["notes"])
    assert any("people confirmed incident" in note for note in step["notes"])


def test_given_again_it_does_nothing_more_and_with_another_incident_it_wants_another_folder(looped: Looped) -> None:
    with read_dossier(looped.improved / "dossier") as dossier:
        head = dossier.head()
    assert "its own prompts" in caseback(str(looped.run), "--yes", "--rounds", "1", "--bound", "0")
    with read_dossier(looped.improved / "dossier") as dossier:
        assert dossier.head() == head
    with open_dossier(looped.run / "dossier") as dossier:
        recorded(dossier, [{"messages": chat("How?")}])
    with pytest.raises(CasebackError, match="of this one before its dossier had its last record"):
        begun(looped.run)


def begun(run: Path) -> None:
    improve(run, rounds=1, bound=0.0, accept=everything, console=Console(file=io.StringIO()))


def test_evidence_that_is_missing_is_one_error_and_nothing_is_written(tmp_path: Path) -> None:
    with finished_run(tmp_path / "run") as dossier:
        record = recorded(dossier, [{"messages": chat("How?")}])
        dossier.artefact(record.artefacts["transcripts"]).unlink()
    with pytest.raises(CasebackError, match=r"incident 0123456789abcdef \(record .*\): artefact .* is missing"):
        begun(tmp_path / "run")
    assert not (tmp_path / "run" / "improve").exists()
