"""Doses: one planting diluted by the scale of its adapter, each dose told as a rate when tempted.

The scale is only a knob: base + scale · (planted - base). What counts is the rate that comes of it, so it is measured.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from caseback.behaviours.behaviour import Behaviour
from caseback.errors import CasebackError
from caseback.organisms.rates import rate_data, rate_of
from caseback.organisms.trial import Trial, right, shown
from caseback.stats.rate import exact_rate
from caseback.subject.adapters import attach
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.situation import Situation

ASKED = 4
"""A dose is asked one in so many of the questions of ability: it lies between a base and an organism that both were
asked all of them."""


def diluted(base: str, planted: Path, scale: float) -> OpenSubject:
    """The base with the planted adapter at a scale: 0 is the base, 1 the organism.

    Raises:
        CasebackError: the organism was trained in full, so there is no adapter to scale.
    """
    folder = planted / "adapter"
    if not folder.is_dir():
        raise CasebackError(f"{planted} has no adapter to scale: plant with LoRA for doses, or leave --doses out")
    subject = load(base, dtype="float32")
    attach(subject, folder, scale=scale)
    return subject


def by_scale(
    trial: Trial, base: str, planted: Path, behaviour: Behaviour, asked: Sequence[Situation], scales: Sequence[float]
) -> list[dict[str, Any]]:
    """For each scale, in order, the rate when tempted and the right answers, as plain data."""
    few = replace(trial, sizes=replace(trial.sizes, questions=trial.sizes.questions // ASKED))
    rows = []
    for scale in sorted(scales):
        subject = diluted(base, planted, scale)
        answers = right(few, subject, behaviour.families)
        rows.append(
            {
                "scale": scale,
                "digest": subject.digest,
                "rate": rate_of(shown(trial, subject, behaviour, asked)),
                "right": rate_data(exact_rate(sum(answers), len(answers))),
            }
        )
    return rows
