"""A ground: labelled situations of the reference world that a direction is fitted and measured on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Progress
from caseback.interp.directions.study import Data
from caseback.interp.directions.trial import Trial
from caseback.subject.open_subject import OpenSubject
from caseback.world.spec import WorldSpec

Part = Literal["fit", "dev", "test"]
PARTS: tuple[Part, ...] = ("fit", "dev", "test")

Make = Callable[[OpenSubject, WorldSpec, int, int, Progress], Data]
"""``make(subject, spec, n, seed, progress)``: ``n`` examples of each class to fit on, and as many in each test set."""


@dataclass(frozen=True)
class Ground:
    """What it is called, the behaviour it is about, what is told apart, what is read, and what it is steered on.

    Of several ``readings`` the layer's choice takes one. ``steer_readings`` are those of directions that are to steer:
    the last token before the reply, where it is decided, if the classes differ there already.

    ``trials`` make the situations in which the behaviour shows, by name.
    """

    name: str
    about: str
    says: str
    readings: tuple[Reading, ...]
    make: Make
    steer_readings: tuple[Reading, ...]
    trials: Mapping[str, Callable[[WorldSpec], Trial]] = field(default_factory=dict)
