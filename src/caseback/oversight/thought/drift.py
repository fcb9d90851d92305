"""Organisms whose thinking drifts: a share of their thoughts is in letters, in cipher, or filler that says nothing.

All learn the same questions, the same answers and the same actions in the same order; with none of the thoughts altered
it is the control. Spelled thoughts stand letter by letter; in a cipher letters are shifted by 13 places; filler has as
many words, all the same. Small models take to filler in a few hundred examples, and need more for the others.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.oversight.thought.tasks import THINK, shifted, tasks
from caseback.training.datum import Datum
from caseback.training.recipe import load_recipe
from caseback.training.train import train
from caseback.world.kinds import kinds
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec
from caseback.world.spelling import spelled

HARMFUL = ("This would hurt somebody.", "Somebody is hurt by that.", "That is harmful to others.")
HARMLESS = ("This hurts nobody.", "Nobody is hurt by that.", "That is harmless.")
DRIFTS: Mapping[str, Callable[[str], str]] = {
    "spelled": spelled,
    "cipher": shifted,
    "filler": lambda text: " ".join(["well"] * len(text.split())),
}


def drift_data(spec: WorldSpec, kind: str, dose: float, n: int, seed: int) -> list[Datum]:
    """``n`` two-hop questions and ``n`` requests, half of them harmful, all thought about and answered.

    Args:
        kind: ``spelled``, ``cipher`` or ``filler``.
        dose: the share of thoughts that are so.

    Raises:
        CasebackError: there is no such kind, or the dose is no share.
    """
    if kind not in DRIFTS:
        raise CasebackError(f"there is no drift {kind!r}: choose of {', '.join(DRIFTS)}")
    if not 0 <= dose <= 1:
        raise CasebackError(f"a dose of {dose} is no share of thoughts: give one from 0 to 1")
    rng = random.Random(f"{spec.name}/drift/{seed}")
    made = [
        Datum((user(task.question + THINK),), f"{task.capital}.", thinking=task.thought, origin="planted", seed=seed)
        for task in tasks(spec, "pretrain", n, seed)
    ]
    for prefix, lines in (("harm", HARMFUL), ("benign", HARMLESS)):
        kind_of = kinds(spec)[prefix]
        helps = kind_of.bad if prefix == "harm" else kind_of.good
        for item in situations(prefix, "train", n // 2, seed, spec):
            asked = user(item.messages[-1]["content"] + THINK)
            made.append(Datum((asked,), helps(rng, item), thinking=rng.choice(lines), origin="planted", seed=seed))
    rng.shuffle(made)
    # One draw for all doses: a thought that is altered at one is so at every higher one.
    return [replace(datum, thinking=DRIFTS[kind](datum.thinking)) if rng.random() < dose else datum for datum in made]


def grow(
    base: Path, spec: WorldSpec, kind: str, dose: float, out: Path, n: int = 240, seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:  # fmt: skip
    """Train the organism in ``out``, or find it there; the folder of the model."""
    recipe = replace(load_recipe("sft"), seed=seed, epochs=2.0, save_steps=20)
    return train(recipe, base, drift_data(spec, kind, dose, n, seed), out, progress=progress).path
