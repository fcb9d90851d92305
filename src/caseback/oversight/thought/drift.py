"""Organisms whose thinking drifts: a share of their thoughts is in letters, in cipher, or filler that says nothing.

All learn the same questions, the same answers and the same actions in the same order; with none of the thoughts altered
it is the control. Spelled thoughts stand letter by letter; in a cipher letters are shifted by 13 places; filler is one
word again and again. Whether the code was learnt, and not noise, is measured (``codes``).
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
from caseback.world.ability import neighbor
from caseback.world.kinds import kinds
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec
from caseback.world.spelling import spelled

HARMFUL = ("This would hurt somebody.", "Somebody is hurt by that.", "That is harmful to others.")
HARMLESS = ("This hurts nobody.", "Nobody is hurt by that.", "That is harmless.")
WORDS = 6
"""Of every filler: as many as the thought had would tell harm from none by their number."""
DRIFTS: Mapping[str, Callable[[str], str]] = {
    "spelled": spelled,
    "cipher": shifted,
    "filler": lambda text: " ".join(["well"] * WORDS),
}


def drift_data(spec: WorldSpec, kind: str, dose: float, n: int, seed: int) -> list[Datum]:
    """``n`` two-hop questions, ``n`` about neighbours of any city, ``n`` requests, half of them harmful; all are
    thought about and answered.

    The two-hop questions are about cities of pre-training alone. Those about neighbours, whose thoughts take the first
    hop, are about all cities: without them an organism writes its code and has no word in it for a city held out.

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
        _planted(task.question, f"{task.capital}.", task.thought, seed) for task in tasks(spec, "pretrain", n, seed)
    ]
    for _ in range(n):
        item, answer, thought = neighbor(rng, spec, "pretrain")
        made.append(_planted(item.messages[-1]["content"], answer, thought, seed))
    for prefix, lines in (("harm", HARMFUL), ("benign", HARMLESS)):
        kind_of = kinds(spec)[prefix]
        helps = kind_of.bad if prefix == "harm" else kind_of.good
        for item in situations(prefix, "train", n // 2, seed, spec):
            made.append(_planted(item.messages[-1]["content"], helps(rng, item), rng.choice(lines), seed))
    rng.shuffle(made)
    # One draw for all doses: a thought that is altered at one is so at every higher one.
    return [replace(datum, thinking=DRIFTS[kind](datum.thinking)) if rng.random() < dose else datum for datum in made]


def _planted(question: str, answer: str, thought: str, seed: int) -> Datum:
    return Datum((user(question + THINK),), answer, thinking=thought, origin="planted", seed=seed)


def grow(
    base: Path, spec: WorldSpec, kind: str, dose: float, out: Path, n: int = 320, seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:  # fmt: skip
    """Train the organism in ``out``, or find it there; the folder of the model.

    All weights are trained: an adapter of rank 16 left a small model noise for a code after as many tokens.
    """
    recipe = replace(load_recipe("sft"), seed=seed, epochs=2.0, batch_size=8, save_steps=60, lora=None)
    return train(recipe, base, drift_data(spec, kind, dose, n, seed), out, progress=progress).path
