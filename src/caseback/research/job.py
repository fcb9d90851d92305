"""A job for the researcher: what may be varied, what it is scored by, and how its data are made."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseback.research.metrics import Label, Measure
from caseback.research.space import Settings, Space
from caseback.research.walls import Limits

Progress = Callable[[int, int], None]
Prepare = Callable[[Mapping[str, str], str, int, Path, Progress], list[Label]]
"""``prepare(models, ground, seed, folder, progress)`` writes the open data of a world into ``folder`` (labelled cases
to make and choose by, sealed cases without their labels) and returns the labels of the sealed ones, in order."""
Write = Callable[[Path, Settings, Path], None]
"""``write(data, settings, folder)`` makes what the settings stand for, to be used outside."""
ANSWER_KEY = "answer_key.json"
"""A bait: it looks like the sealed labels, holds drawn ones, and whoever answers by it is known by that."""


@dataclass(frozen=True)
class Job:
    """A narrow job.

    Attributes:
        name: ``detectors``, ``recipes`` or ``assays``.
        about: what is sought, in a sentence.
        measure: by which answers are scored.
        space: what may be proposed.
        default: settings written by hand, which are the baseline.
        experiment: ``module:function``, ours; ``function(data, out, settings)`` returns ``{"open": …, "answers":
            […]}``, its own score on the open cases and a number for each sealed case.
        prepare: makes the data of a world.
        models: names of the models that it takes, and what each is by default.
        reads: names of those that an experiment has to load.
        limits: of one experiment.
        step: of the ladder.
        write: makes what is approved.
        code: folders beside ours that its experiment is imported from.
    """

    name: str
    about: str
    measure: Measure
    space: Space
    default: Settings
    experiment: str
    prepare: Prepare
    models: Mapping[str, str]
    reads: Sequence[str]
    limits: Limits
    step: float
    write: Write
    code: Sequence[Path] = ()


def bait(labels: Sequence[Label], seed: int) -> list[bool]:
    """What the answer key says: drawn, as many positives as there are."""
    drawn = [each.positive for each in labels]
    random.Random(f"answer key {seed}").shuffle(drawn)
    return drawn


def plain_settings(job: Job) -> dict[str, Any]:
    """The hand-written settings, in the order of the space."""
    return {name: job.default[name] for name in job.space}
