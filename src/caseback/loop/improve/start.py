"""What improvement starts from: a finished run, read from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.disclosure.data import last
from caseback.dossier.dossier import Dossier, read_dossier
from caseback.errors import CasebackError
from caseback.loop.budget import Budget
from caseback.loop.improve.evidence import Evidence, abilities, evidence
from caseback.loop.improve.live import Live, live_findings
from caseback.loop.placed import placed
from caseback.training.critique import Calibration, calibration_from


@dataclass(frozen=True)
class Start:
    """A finished run. ``base`` is the model before any training, ``model`` the one that the run made, both as folders
    or hub ids; ``calibration`` is the base's as a critic, from the run's labels; ``head`` is the id of the dossier's
    last record, by which this evidence is found again. ``incidents`` are those of live use, by id."""

    run: Path
    head: str
    base: str
    model: str
    document: Constitution
    ground: Ground
    budget: Budget
    seed: int
    reference: bool
    parameters: int
    evidence: Evidence
    calibration: Calibration
    incidents: Mapping[str, Live] = field(default_factory=dict)


def read_start(
    run: Path, constitution: str | Path | None, behaviours: Mapping[str, Behaviour], console: Console
) -> Start:
    """Read a finished run.

    Args:
        run: its folder.
        constitution: its document, where the file has moved since; default the one that the record names.
        behaviours: those that were measured.
        console: where it is printed what is guessed about the document.

    Raises:
        CasebackError: where the run is not finished, the document is not the one that it was trained towards, or the
            transcripts of an incident cannot be read.
    """
    if not (run / "dossier").is_dir():
        raise CasebackError(f"{run} holds no run: give the folder that `caseback run` wrote, or run it first")
    with read_dossier(run / "dossier") as dossier:
        verdict, began = _last(dossier, run, "verdict"), _last(dossier, run, "run")
        before = next(dossier.records("subject", role="before")).body
        final = str(verdict["final"])
        model = run / "models" / final
        if final != "before" and not model.is_dir():
            raise CasebackError(f"{model}: the run's model is not there; give the same `caseback run` command again")
        document = _document(_last(dossier, run, "constitution"), constitution, behaviours, console)
        return Start(
            run=run,
            head=dossier.head(),
            base=str(before["path"]),
            model=str(before["path"] if final == "before" else model),
            document=document,
            ground=str(next(dossier.records("measurement", arm=final)).body["ground"]),
            budget=Budget(**began["budget"]),
            seed=int(began["seed"]),
            reference=bool(before["reference"]),
            parameters=int(before["parameters"]),
            evidence=evidence(dossier, final, abilities(dossier, "before")),
            calibration=_calibration(dossier),
            incidents=live_findings(dossier),
        )


def _document(
    record: Mapping[str, Any], given: str | Path | None, behaviours: Mapping[str, Behaviour], console: Console
) -> Constitution:
    source = str(given or record["source"])
    packaged = default()
    document = packaged if not given and source == packaged.source else read(source)
    document = placed(document, behaviours, console)
    if digest(document) != record["digest"]:
        raise CasebackError(
            f"{source} is not the constitution that the run was trained towards ({record['digest'][:12]}): name that "
            "one with --constitution"
        )
    return document


def _calibration(dossier: Dossier) -> Calibration:
    made = last(dossier, "training_data")
    return calibration_from(made.body["report"]["calibration"]) if made else Calibration()


def _last(dossier: Dossier, run: Path, kind: str) -> Mapping[str, Any]:
    found = last(dossier, kind)
    if found is None:
        raise CasebackError(f"{run} holds no finished run (no {kind} is recorded): give `caseback run` again")
    return found.body
