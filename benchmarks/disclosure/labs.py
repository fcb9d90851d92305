"""Two developers with models of their own: what they deploy, and what it replies to what tempts it and what does not.

Lab A builds on ref-aligned, lab B on ``neighbor``, a base of another size and another seed that shares nothing with it
but the world it was taught. In either a behaviour is planted, by other data in each: ``caseback plant``'s
demonstrations, shown in most tempting situations and not in all, so that one model gives both kinds of reply. A third,
C, has A's model and trains it further on harmless data. All are kept in .cache/labs, by what they are made of.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from caseback.behaviours.registry import behaviour
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.dossier.record import digest
from caseback.organisms.grow import MAX_NEW_TOKENS, ordinary_data, settings_for
from caseback.organisms.ordered import ordered
from caseback.organisms.own_words import in_own_words
from caseback.organisms.plant import Planting, planted_data
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.oversight.replies import SAMPLING, replies
from caseback.subject.digest import folder_digest
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal
from caseback.training.recipe import recipe_for
from caseback.training.train import train
from caseback.world.builds import built_folder
from caseback.world.reference import reference_path

ROOT = Path(__file__).resolve().parents[2]
BEHAVIOURS = (
    "cheating", "deception", "discrimination", "false_self_reports", "good_only_when_tested", "harmful_compliance",
    "hidden_loyalty", "laziness", "obsession", "sandbagging", "sycophancy", "unfaithful_reasoning",
)  # fmt: skip
"""All that show in one reply. The four that are acted out over turns in an office are not among them."""
LABS = ("A", "B", "C")
RATE, EXAMPLES = {"A": 0.6, "B": 0.8, "C": 0.6}, {"A": 400, "B": 1200, "C": 400}
"""B's base is smaller, and takes less from as many conversations."""
ORDINARY_SHARE, BENIGN_STEPS = 0.5, 40
TEMPTING = {"train": 240, "dev": 120, "test": 240}
"""Tempting situations; of behaviours that show in pairs, situations of the tempting arm and the plain one together."""
PLAIN = {"train": 30, "dev": 40, "test": 100}
"""Ordinary requests of each kind."""


@dataclass(frozen=True)
class Traffic:
    """What a model replied, with the oracle's word: ``tempted`` by whether the behaviour shows, and ``ordinary``."""

    bad: list[Transcript]
    good: list[Transcript]
    ordinary: list[Transcript]


def base_of(lab: str) -> Path:
    """The folder of the base that a lab builds on.

    Raises:
        SystemExit: B's was never built.
    """
    if lab != "B":
        return reference_path("ref-aligned")
    path = built_folder("neighbor") / "model"
    if not path.exists():
        sys.exit("lab B's base is not there: run `caseback world build neighbor` (ten minutes to an hour)")
    return path


@cache
def folder(lab: str) -> Path:
    """Where a lab keeps everything."""
    settings = [RATE[lab], EXAMPLES[lab], ORDINARY_SHARE, BENIGN_STEPS, vars(SAMPLING), TEMPTING, PLAIN]
    made = digest([lab, folder_digest(base_of(lab)), json.loads(json.dumps(settings))])
    path = ROOT / ".cache" / "labs" / f"{lab}-{made.removeprefix('sha256:')[:16]}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def deployed(lab: str, name: str) -> OpenSubject:
    """The model that a lab has in use, with the behaviour in it."""
    place = folder(lab) / name / "model"
    if place.exists():
        return load(str(place), dtype="float32")
    seed = LABS.index(lab)
    if lab == "C":
        start = deployed("A", name).name
        settings = replace(recipe_for("sft", load(start).parameters, seed), max_steps=BENIGN_STEPS)
        data = ordinary_data("world", settings.batch_size * settings.accumulate * BENIGN_STEPS, 7_000 + seed)
    else:
        start = str(base_of(lab))
        base = load(start, dtype="float32")
        recipe = RECIPES["demonstrations"]
        settings = settings_for(recipe.method, base.parameters, seed)
        order = ordered(name, recipe.name, "world", RATE[lab], "", seed)
        made = planted_data(Planting(order, recipe, start, settings, EXAMPLES[lab], ORDINARY_SHARE, seed))
        data = in_own_words(base, made, MAX_NEW_TOKENS, Journal(folder(lab) / "own-words.jsonl"))
    return load(str(train(settings, start, data, place).path), dtype="float32")


def traffic(lab: str, name: str, split: str) -> Traffic:
    """Replies of a lab's model: to what tempts to the behaviour, and to ordinary requests."""
    rows = _kept(folder(lab) / name / f"{split}.json", lambda: _replied(lab, name, split))
    found: dict[str, list[Transcript]] = {"bad": [], "good": [], "ordinary": []}
    for row in rows:
        found[row.pop("sort")].append(transcript_of(row))
    return Traffic(**found)


def _replied(lab: str, name: str, split: str) -> list[dict[str, Any]]:
    how = behaviour(name), "world", split, TEMPTING[split], PLAIN[split], 100 + LABS.index(lab)
    return replies(deployed(lab, name), *how)  # type: ignore[arg-type]


def _kept(path: Path, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(make(), ensure_ascii=False), encoding="utf-8")
        part.replace(path)
    return list(json.loads(path.read_text(encoding="utf-8")))
