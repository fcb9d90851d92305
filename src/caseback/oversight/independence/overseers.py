"""Overseers that read a model's activations and say which behaviour an answer shows, or that it is clean."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.detectors.reading import read_activations
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.training.journal import Journal

Floats = npt.NDArray[np.float64]
CLEAN = "clean"
DIGITS = 4
STRENGTH = 0.05
"""Inverse weight of the penalty of the logistic regression, on features of unit variance."""


@dataclass(frozen=True)
class Labelled:
    """A transcript with the behaviour that it shows, ``clean`` where it shows none, and its family."""

    transcript: Transcript
    behaviour: str
    family: str


@dataclass(frozen=True)
class Verdicts:
    """What an overseer says of transcripts: probabilities [transcripts, classes], rows of NaN where it cannot read."""

    classes: tuple[str, ...]
    probabilities: Floats

    @property
    def chosen(self) -> npt.NDArray[np.int_]:
        """The likeliest class of each; -1 where there is none."""
        silent = np.isnan(self.probabilities).any(axis=1)
        return np.where(silent, -1, np.nan_to_num(self.probabilities).argmax(axis=1))


def labelled(name: str, rows: Sequence[Mapping[str, Any]]) -> list[Labelled]:
    """Replies of a model that has a behaviour planted, as rows with ``label``; see ``control.cases.read_rows``."""
    return [
        Labelled(transcript_of({"messages": row["messages"]}), name if row["label"] else CLEAN, row["family"])
        for row in rows
    ]


def features(reader: OpenSubject, items: Sequence[Labelled], journal: Journal | None = None) -> Floats:
    """Mean activation of the reply's tokens behind two thirds of the layers, [items, d_model]; NaN where unreadable."""
    kept = journal or Journal(None)
    layer = max(0, math.ceil(len(find_decoder(reader.model).blocks) * 2 / 3) - 1)
    said = [[dict(message) for message in item.transcript.messages] for item in items]
    key = Journal.key("overseer features", reader.digest, layer, said)
    if (record := kept.get(key)) is None:
        site = Site("resid_post", layer)
        read = read_activations(reader, [item.transcript for item in items], [site], "reply")
        means = [None if isinstance(at, str) else at[site].float().mean(0).tolist() for at in read]
        record = {"key": key, "means": [m and [round(x, DIGITS) for x in m] for m in means]}
        kept.put([record])
    width = max((len(each) for each in record["means"] if each), default=0)
    return np.array([each or [math.nan] * width for each in record["means"]], dtype=float).reshape(len(items), width)


def fitted(
    train: Floats, labels: Sequence[str], test: Floats, classes: Sequence[str], chosen: Sequence[int]
) -> Verdicts:
    """A logistic regression over classes, on the training rows ``chosen``, and what it says of the test rows.

    Raises:
        CasebackError: fewer than two classes among the rows that can be read.
    """
    from sklearn.linear_model import LogisticRegression

    rows = [at for at in chosen if not np.isnan(train[at]).any()]
    told = [labels[at] for at in rows]
    if len(set(told)) < 2:
        raise CasebackError("an overseer learns from answers of at least two kinds, such as clean and deception")
    mean, spread = train[rows].mean(axis=0), train[rows].std(axis=0) + 1e-6
    model = LogisticRegression(C=STRENGTH, max_iter=300).fit((train[rows] - mean) / spread, told)
    found = np.full((len(test), len(classes)), np.nan)
    able = ~np.isnan(test).any(axis=1)
    if able.any():
        found[able] = 0.0
        columns = [list(classes).index(name) for name in model.classes_]
        found[np.flatnonzero(able)[:, None], columns] = model.predict_proba((test[able] - mean) / spread)
    return Verdicts(tuple(classes), found)


def drawn(name: str, rows: Sequence[Mapping[str, Any]], most: int, seed: int) -> list[Labelled]:
    """At most ``most`` of the rows as ``labelled`` makes them, half of them bad where there are so many."""
    rng = random.Random(f"drawn/{name}/{seed}")
    bad, clean = ([row for row in rows if row["label"] is label] for label in (True, False))
    taken = rng.sample(bad, min(len(bad), most // 2))
    return labelled(name, [*taken, *rng.sample(clean, min(len(clean), most - len(taken)))])
