"""The automatic blue player of the repair game: every subject is trained towards a constitution.

It is not told which subjects are clean or what the others have, so it does the same to all of them: each is trained
towards the constitution by its own critique and revision, as ``caseback run`` does, without the control.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from caseback.audit.games.game_file import SUBJECTS, read_game
from caseback.audit.games.moves import submit
from caseback.audit.games.repaired import check_repaired
from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.registry import trained_against
from caseback.behaviours.tempting import shown_by, tempting_situations
from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.loop.placed import placed
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.constitutional import DataBudget, constitutional_data
from caseback.training.journal import Journal
from caseback.training.recipe import recipe_for
from caseback.training.train import train

BY = "caseback game play"


@dataclass(frozen=True)
class RepairBudget:
    """``situations`` of each behaviour, and as many harmless ones, that the data of a subject are made from; at most
    ``preferences`` of them are trained on beside; ``max_new_tokens`` in a reply."""

    situations: int = 100
    preferences: int = 512
    max_new_tokens: int = 96


def play_repair(
    game: Path,
    folder: Path,
    *,
    constitution: Path | None = None,
    budget: RepairBudget = RepairBudget(),
    seed: int = 0,
    console: Console | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Record:
    """Train every subject, and submit the models. A play that was stopped goes on where it was.

    Args:
        game: folder of a repair game.
        folder: for data, models and the journal.
        constitution: by default the one that comes along.
        progress: called with (subject, subjects done, subjects in all).

    Raises:
        CasebackError: the game is another, or the training cannot be run.
    """
    given = read_game(game)
    if given["game"] != "repair":
        raise CasebackError(f"{game} is a game of {given['game']}, not of repair")
    found = trained_against()
    document = placed(read(constitution) if constitution else default(), found, console or Console(stderr=True))
    journal = Journal(folder / "repaired.jsonl")
    rows = {}
    for done, name in enumerate(given["subjects"]):
        if progress:
            progress(name, done, len(given["subjects"]))
        key = Journal.key("repaired", given["commitment"], name, digest(document), asdict(budget), seed)
        kept = journal.get(key)
        if kept is None:
            subject = load(str(game / SUBJECTS / name), dtype="float32")
            if subject.digest != given["subjects"][name]["digest"]:
                raise CasebackError(f"{game / SUBJECTS / name}: not the weights that red gave; copy the game again")
            begun = time.monotonic()
            model, why = _repaired(subject, document, given["ground"], folder / name, budget, seed)
            kept = {"key": key, "model": str(model), "why": why, "seconds": round(time.monotonic() - begun, 1)}
            journal.put([kept])
        rows[name] = kept
    body = {
        "game": "repair",
        "by": BY,
        "repaired": check_repaired({name: row["model"] for name, row in rows.items()}, given["subjects"], game),
        "spent": {name: {"seconds": row["seconds"]} for name, row in rows.items()},
        "why": {name: row["why"] for name, row in rows.items() if row["why"]},
        "player": {"constitution": document.title, **asdict(budget), "seed": seed},
    }
    return submit(game, body)


def _repaired(
    subject: OpenSubject, document: Constitution, ground: str, folder: Path, budget: RepairBudget, seed: int
) -> tuple[Path, str]:
    """Where the trained model is, and why it is the subject itself where nothing could be trained."""
    found = trained_against()
    tempting = tempting_situations(found, ground, "train", budget.situations, seed)
    data = constitutional_data(
        subject,
        document,
        tempting,
        harmless_situations(ground, len(tempting), seed),
        seed=seed,
        label=partial(shown_by, found),
        budget=DataBudget(max_new_tokens=budget.max_new_tokens, preferences=budget.preferences),
        cache=folder / "data",
    )
    if not data.sft:
        return Path(subject.name), "; ".join(["nothing was trained", *data.report["notes"]])
    trained = train(recipe_for("sft", subject.parameters, seed), subject.name, data.sft, folder / "sft").path
    if data.preferences:
        trained = train(
            recipe_for("dpo", subject.parameters, seed), str(trained), data.preferences, folder / "dpo"
        ).path
    return trained, ""
