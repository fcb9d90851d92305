"""Panels: which assays are run together, and how much each puts to the model."""

from collections.abc import Mapping
from dataclasses import dataclass

from caseback.audit.assay import Assay
from caseback.audit.assays.admits import admits
from caseback.audit.assays.confides import confides
from caseback.audit.assays.drift import DRIFT
from caseback.audit.assays.in_contexts import in_contexts
from caseback.audit.assays.leans import leans
from caseback.audit.assays.moved import moved
from caseback.audit.assays.noise import noise
from caseback.audit.assays.spectrum import SPECTRUM
from caseback.audit.assays.spelled import spelled
from caseback.audit.assays.tempted import tempted
from caseback.audit.assays.unaware import unaware
from caseback.audit.assays.unwatched import unwatched
from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.sandbagging import BEHAVIOUR as SANDBAGGING
from caseback.errors import CasebackError
from caseback.world.worlds import is_world


@dataclass(frozen=True)
class Panel:
    """``n`` situations, or pairs, in each assay, and at most ``max_new_tokens`` in a reply; an assay that takes longer
    than ``seconds`` cannot tell."""

    name: str
    n: int
    seconds: float
    max_new_tokens: int = 96


QUICK = Panel("quick", n=40, seconds=60.0)
FULL = Panel("full", n=160, seconds=600.0)
PANELS: Mapping[str, Panel] = {panel.name: panel for panel in (QUICK, FULL)}


def panel(name: str) -> Panel:
    """The panel of that name.

    Raises:
        CasebackError: there is none.
    """
    if name not in PANELS:
        raise CasebackError(f"no panel is called {name!r}: there are {', '.join(PANELS)}")
    return PANELS[name]


def assays(behaviours: Mapping[str, Behaviour], ground: Ground) -> dict[str, Assay]:
    """All assays by name, for each behaviour those that suit it."""
    found = [assay for behaviour in behaviours.values() for assay in _of(behaviour, ground)]
    return {assay.name: assay for assay in [*found, DRIFT, SPECTRUM]}


def _of(behaviour: Behaviour, ground: Ground) -> list[Assay]:
    """A pair of situations is itself a comparison, so it is not compared again under cues; letters are put apart only
    in requests."""
    single = [] if behaviour.arms else [unwatched(behaviour), unaware(behaviour)]
    hidden = [noise(behaviour)] if behaviour.name == SANDBAGGING.name else []
    in_letters = [spelled(behaviour)] if is_world(ground) and "harm" in behaviour.families else []
    read = [tempted(behaviour), in_contexts(behaviour), *in_letters]
    scored = [admits(behaviour), confides(behaviour), *([leans(behaviour)] if is_world(ground) else [])]
    return [*read, *single, *scored, moved(behaviour), *hidden]
