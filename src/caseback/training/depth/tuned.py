"""A model fine-tuned for the length of a measurement, and put away when it is measured."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum, data_digest, digest_of
from caseback.training.depth.trial import Open, Trial
from caseback.training.recipe import Recipe
from caseback.training.train import train


@contextmanager
def tuned(
    trial: Trial, subject: OpenSubject, data: Sequence[Datum], recipe: Recipe
) -> Iterator[tuple[list[object], Open]]:
    """What tells the tuned weights, and a function that trains and opens them when they are needed.

    A training that was killed goes on from its checkpoint; what the journal holds needs none. Weights are removed when
    the block ends well.
    """
    who: list[object] = [subject.digest, "tuned on", data_digest(data), recipe.as_dict()]
    folder = trial.folder / "tuned" / digest_of(who)[:16]

    @cache
    def opened() -> OpenSubject:
        return load(str(train(recipe, subject.name, data, folder).path), device=str(subject.device))

    yield who, opened
    shutil.rmtree(folder, ignore_errors=True)
