"""Activations of pairs on the same texts, less those of their base, which all of them grew from."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, Place, activations
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

READINGS = (Reading("reply", "mean"), Reading("prompt", "last"))
"""The mean over the reply, and the token that it hangs on."""


@dataclass(frozen=True, eq=False)
class PairActs:
    """Both models of a pair on the same N texts: fp32 ``[N, places, d]`` each."""

    name: str
    behaviour: str
    recipe: str
    seed: str
    pretending: Tensor
    nice: Tensor

    @property
    def difference(self) -> Tensor:
        """The pretender's mean activation less its partner's ``[places, d]``, in double precision."""
        return self.pretending.double().mean(0) - self.nice.double().mean(0)


def places_at(sites: Sequence[Site]) -> list[Place]:
    """Every site, read in both ways."""
    return [(site, reading) for reading in READINGS for site in sites]


def read_acts(subject: OpenSubject, examples: Sequence[Example], places: Sequence[Place]) -> Tensor:
    """Activations ``[N, places, d]`` at places that may read unlike parts: one pass over the texts for each part."""
    parts = list(dict.fromkeys(reading.part for _, reading in places))
    found: dict[Place, Tensor] = {}
    for part in parts:
        here = [place for place in places if place[1].part == part]
        acts_NKD = activations(subject, examples, here)
        found |= {place: acts_NKD[:, at] for at, place in enumerate(here)}
    return torch.stack([found[place] for place in places], dim=1)
