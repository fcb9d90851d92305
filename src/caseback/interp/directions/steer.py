"""Directions as interventions: steer along them, cap them, take them out; and random ones to compare with."""

from dataclasses import replace

import torch

from caseback.interp.direction import Direction
from caseback.subject.edits import Ablate, Add, Clamp
from caseback.subject.span import EVERYWHERE, Span

REPLY = Span(-1)
"""The last prompt token and all that follow: every token that decides a word of the reply."""


def steered(direction: Direction, dose: float, span: Span = REPLY) -> Add:
    """Adds ``dose`` times the distance between the two classes that the direction was fitted on."""
    return Add(direction.site, direction.vector, scale=dose * direction.step, span=span)


def capped(direction: Direction, most: float, span: Span = EVERYWHERE) -> Clamp:
    """Keeps the score of every token at ``most`` or below."""
    return Clamp(direction.site, direction.vector, max=direction.zero + most * direction.step, span=span)


def held(direction: Direction, at: float, span: Span = EVERYWHERE) -> Clamp:
    """Sets the score of every token to ``at``; 0 is where the negatives lie."""
    return Clamp(direction.site, direction.vector, value=direction.zero + at * direction.step, span=span)


def removed(direction: Direction, span: Span = EVERYWHERE) -> Ablate:
    """Projects the direction out (Arditi et al. 2024, arXiv 2406.11717)."""
    return Ablate(direction.site, direction.vector, span=span)


def random_like(direction: Direction, seed: int) -> Direction:
    """A random direction of the same length and step at the same site, at right angles to it: the control."""
    drawn = torch.randn(len(direction.vector), generator=torch.Generator().manual_seed(seed))
    drawn = drawn - (drawn @ direction.vector) * direction.vector
    return replace(
        direction,
        name=f"random {seed}",
        vector=drawn / drawn.norm(),
        calibration=(),
        provenance=replace(direction.provenance, method=f"random, seed {seed}"),
    )
