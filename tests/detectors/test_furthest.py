"""The direction and pool by which positives lie furthest above ordinary traffic, against scores taken one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from caseback.detectors.aggregation import POOLS
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.furthest import furthest
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, said
from interp.directions.subjects import WIDTH

YES = [said(f"{n}?", f"six {n} ten", family=f"f{n % 3}") for n in range(12)]
NO = [said(f"{n}?", f"four {n} and {n * 5} and more of that {n}") for n in range(30)]


def drawn(subject: OpenSubject, n: int) -> list[DirectionDetector]:
    made, rng = along(subject), torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(n, WIDTH, generator=rng), dim=1)
    return [
        replace(made, name=f"d{at}", direction=replace(made.direction, vector=vector))
        for at, vector in enumerate(vectors)
    ]


def gap(detector: DirectionDetector, subject: OpenSubject) -> float:
    up, down = (np.array([one.score for one in detector.scores(rows, subject)]) for rows in (YES, NO))
    return float((up.mean() - down.mean()) / (up.std() + down.std()))


def test_it_is_the_one_whose_positives_lie_furthest_above_what_is_ordinary(subject: OpenSubject) -> None:
    made = drawn(subject, 6)
    gaps = {
        (each.name, pool): gap(replace(each, reading=Reading("reply", pool)), subject)
        for each in made
        for pool in POOLS
    }
    found = furthest(made, POOLS, YES, NO, subject)
    assert (found.name, found.reading.pool) == max(gaps, key=lambda each: gaps[each])
    only = furthest(made, ("last",), YES, NO, subject)
    lasts = {name: value for (name, pool), value in gaps.items() if pool == "last"}
    assert (only.name, only.reading.pool) == (max(lasts, key=lambda each: lasts[each]), "last")


def test_without_a_class_nothing_can_be_chosen(subject: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="cannot be told apart"):
        furthest(drawn(subject, 2), POOLS, YES, [said("no reply here")], subject)
