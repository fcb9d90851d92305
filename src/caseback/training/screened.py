"""Screening put to the test: the same training on the flagged and on the unflagged half, and what either changed.

What screening foretells is which data move the model along a direction. If it is right, the half that it flags changes
the behaviour that the direction stands for, and the other does not (Chen et al. 2025, arXiv 2507.21509, section 6).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from caseback.errors import CasebackError
from caseback.interp.directions.dose import Response, response
from caseback.interp.directions.screen import Datum as ScreenedDatum
from caseback.interp.directions.screen import Screened
from caseback.interp.directions.trial import Outcome, Trial
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum
from caseback.training.recipe import Recipe
from caseback.training.train import Trained, train
from caseback.world.situation import Split

HALVES = ("flagged", "unflagged")
Tell = Callable[[str, int, int], None]
"""``tell(what, done, total)``."""


@dataclass(frozen=True)
class Row:
    """One kind of situations: how often the behaviour shows before, after either training, and the difference of the
    two (flagged less unflagged, paired by situation)."""

    trial: str
    before: Rate
    flagged: Response
    unflagged: Response
    difference: PairedDifference


@dataclass(frozen=True)
class Tried:
    """Both trainings, and a row for each kind of situations."""

    steps: int
    trained: Mapping[str, Trained]
    rows: tuple[Row, ...]


def to_screen(data: Sequence[Datum]) -> list[ScreenedDatum]:
    """Training data as screening takes them: prompt, target, and what is kept together."""
    return [ScreenedDatum(datum.prompt, datum.chosen, datum.family or datum.situation) for datum in data]


def halves(data: Sequence[Datum], screened: Screened) -> dict[str, list[Datum]]:
    """The data that are flagged and those that are not, as single targets, cut to equal numbers.

    Of the larger half those stay that lie furthest from the threshold, in the order of the data.

    Raises:
        CasebackError: one of them is empty.
    """
    size = min(len(screened.flagged), len(screened.unflagged))
    if not size:
        which = "flagged" if not screened.flagged else "unflagged"
        raise CasebackError(
            f"no data are {which} at the threshold {screened.threshold:.2f}: there is nothing to compare"
        )

    def furthest(places: Sequence[int]) -> list[Datum]:
        far = sorted(places, key=lambda place: -abs((screened.differences[place] or 0.0) - screened.threshold))
        return [replace(data[place], rejected="") for place in sorted(far[:size])]

    return {"flagged": furthest(screened.flagged), "unflagged": furthest(screened.unflagged)}


def try_halves(
    subject: OpenSubject,
    parts: Mapping[str, Sequence[Datum]],
    recipe: Recipe,
    trials: Mapping[str, Trial],
    out: Path,
    *,
    n: int = 40,
    seed: int = 0,
    split: Split = "test",
    tell: Tell | None = None,
) -> Tried:
    """Trains the subject's model on each of the two parts by one recipe, and puts both and the model itself to trials.

    Args:
        subject: as loaded from the folder or hub id that it names, without adapters.
        parts: ``flagged`` and ``unflagged``, as ``halves`` gives them.
        recipe: SFT with ``max_steps`` above 0, so that both train for as long.
        trials: of behaviours, and whatever else is to be counted, by name.
        out: folder for both models.

    Raises:
        CasebackError: a recipe without a number of steps, or what ``train`` refuses.
    """
    from caseback.subject.load import load

    if recipe.max_steps < 1:
        raise CasebackError("give the recipe max_steps: the halves are compared after equally many")
    tell = tell or _silent

    def run(put: OpenSubject, what: str) -> dict[str, list[Outcome]]:
        found = {}
        for place, (name, trial) in enumerate(trials.items()):
            tell(f"measuring {what}", place, len(trials))
            found[name] = trial(put, n, seed, split)
        return found

    before = run(subject, "before")
    trained, after = {}, {}
    dtype = str(subject.model.dtype).removeprefix("torch.")
    for half in HALVES:
        progress = partial(tell, f"training on the {half} half")
        progress(0, recipe.max_steps)
        trained[half] = train(recipe, subject.name, parts[half], out / half, progress=progress)
        after[half] = run(load(str(out / half), dtype=dtype, device=subject.device.type), half)
    rows = tuple(
        Row(
            name,
            response([before[name]], None).rate,
            response([after["flagged"][name]], before[name]),
            response([after["unflagged"][name]], before[name]),
            _apart(after["flagged"][name], after["unflagged"][name]),
        )
        for name in trials
    )
    return Tried(recipe.max_steps, trained, rows)


def _apart(first: Sequence[Outcome], second: Sequence[Outcome]) -> PairedDifference:
    pairs = [
        (bool(a.shown), bool(b.shown), a.family)
        for a, b in zip(first, second, strict=True)
        if a.shown is not None and b.shown is not None
    ]
    return clustered_difference([pair[0] for pair in pairs], [pair[1] for pair in pairs], [pair[2] for pair in pairs])


def _silent(what: str, done: int, total: int) -> None:
    """Nobody asked."""
