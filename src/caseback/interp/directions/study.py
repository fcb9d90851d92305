"""A direction with everything that it has to be held against, on families and formats that it never saw."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Reading
from caseback.interp.directions.baselines import RANDOMS, own_answer, random_directions, text_alone, whole_stream
from caseback.interp.directions.choose import TARGETS, Named, Split, fit_direction
from caseback.interp.directions.examples import Example, activations, check_classes
from caseback.interp.directions.fit import METHODS
from caseback.stats.auroc import Auroc, auroc
from caseback.stats.threshold import Caught, caught_above, caught_at
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

Tell = Callable[[str, int, int], None]
"""``tell(what, done, total)``."""


@dataclass(frozen=True)
class Data:
    """Examples to fit on, to choose the layer on, and, by format, to measure on; their families do not overlap."""

    fit: Sequence[Example]
    dev: Sequence[Example]
    tests: Mapping[str, Sequence[Example]]


@dataclass(frozen=True)
class Row:
    """How one score does on one set of examples.

    ``at`` has, for each rate of false positives in ``TARGETS``, what is caught where that share of these negatives
    alarms; ``calibrated`` the same for thresholds set on the ``dev`` families: they hold for what a user would see.
    """

    what: str
    format: str
    auroc: Auroc
    at: tuple[Caught, ...]
    calibrated: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Chance:
    """Random directions at the direction's site: mean and 95th percentile of their AUROC, and of how many."""

    format: str
    mean: float
    high: float
    n: int


@dataclass(frozen=True)
class Study:
    """The direction of each method, and the rows of all of them and of the baselines, format by format.

    ``unable`` says what could not be had, and why.
    """

    directions: Mapping[str, Direction]
    rows: tuple[Row, ...]
    chance: tuple[Chance, ...]
    unable: tuple[str, ...]


def default_sites(subject: OpenSubject, most: int = 12) -> list[Site]:
    """The residual stream behind every block, or behind ``most`` of them evenly spread."""
    blocks = int(subject.model.config.get_text_config().num_hidden_layers)
    layers = range(blocks) if blocks <= most else sorted({round(i * (blocks - 1) / (most - 1)) for i in range(most)})
    return [Site("resid_post", layer) for layer in layers]


def study(
    subject: OpenSubject,
    named: Named,
    data: Data,
    readings: Sequence[Reading],
    *,
    sites: Sequence[Site] | None = None,
    methods: Sequence[str] = tuple(METHODS),
    main: str = "mean",
    seed: int = 0,
    tell: Tell | None = None,
) -> Study:
    """Fits a direction by every method, and measures them and the baselines on every test set.

    Raises:
        CasebackError: no examples or one class to fit on or choose on, no such method as ``main``, families in two of
            the splits, activations that are not finite, no such site or method.
    """
    tell = tell or (lambda what, done, total: None)
    places = [(site, reading) for site in sites or default_sites(subject) for reading in readings]
    check_classes(data.fit, "fit on")
    check_classes(data.dev, "choose the layer on")
    for name, examples in data.tests.items():
        check_classes(examples, f"measure on ({name})")
    _check_apart(data)

    def split(what: str, examples: Sequence[Example]) -> Split:
        return Split(
            examples,
            activations(subject, examples, places, lambda done, total: tell(f"reading {what}", done, total)),
        )

    fit, dev = split("fit", data.fit), split("dev", data.dev)
    tests = {name: split(name, examples) for name, examples in data.tests.items()}
    directions = {}
    for number, how in enumerate(methods):
        tell("fitting", number, len(methods))
        directions[how] = fit_direction(subject, named, how, places, fit, dev, seed)
    rows = []
    for how, direction in directions.items():
        k = places.index((direction.site, direction.reading))
        for name, s in tests.items():
            rows.append(_row(how, name, direction.score(s.acts[:, k]).tolist(), s, direction))
    tell("baselines", 0, 4)
    for what, found in (
        ("whole residual stream", whole_stream(fit, dev, tests, seed)),
        ("text alone", text_alone(fit, dev, tests, seed)),
    ):
        rows += [_row(what, name, found[name], s) for name, s in tests.items()]
    tell("baselines", 2, 4)
    unable = []
    for name, s in tests.items():
        said = own_answer(subject, s.examples)
        if said is None:
            unable.append(f"the model's own answer, {name}: there is no question that puts the label to it")
        else:
            rows.append(_row("the model's own answer", name, said, s))
    tell("baselines", 3, 4)
    chosen = directions[main]
    drawn = random_directions(fit, places.index((chosen.site, chosen.reading)), tests, seed)
    chance = [_chance(name, [each[name] for each in drawn], s) for name, s in tests.items()]
    tell("baselines", 4, 4)
    return Study(directions, tuple(rows), tuple(chance), tuple(unable))


def _row(what: str, format: str, scores: list[float], split: Split, direction: Direction | None = None) -> Row:
    labels = [example.label for example in split.examples]
    set_elsewhere = () if direction is None else direction.calibration
    return Row(
        what,
        format,
        auroc(scores, labels, split.families),
        tuple(caught_at(target, scores, labels, split.families) for target in TARGETS),
        tuple(caught_above(each.value, scores, labels, split.families) for each in set_elsewhere),
    )


def _chance(format: str, drawn: list[list[float]], split: Split) -> Chance:
    labels = [example.label for example in split.examples]
    areas = sorted(auroc(scores, labels, split.families).value for scores in drawn)
    return Chance(format, statistics.fmean(areas), areas[round(0.95 * (RANDOMS - 1))], len(areas))


def _check_apart(data: Data) -> None:
    held = {"fit": data.fit, "dev": data.dev, **data.tests}
    known = {name: {example.family for example in examples} for name, examples in held.items()}
    for first, second in [("fit", "dev"), *((part, test) for test in data.tests for part in ("fit", "dev"))]:
        if shared := sorted(known[first] & known[second]):
            raise CasebackError(
                f"family {shared[0]} is among those to {first} on and in {second}: what is measured on it would say "
                "nothing of new families; split by family"
            )
