"""Panels: which assays are run together, and how much each puts to the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseback.audit.assay import Assay
from caseback.audit.assays.admits import admits
from caseback.audit.assays.appealed import appealed
from caseback.audit.assays.by_example import by_example
from caseback.audit.assays.by_training import by_training
from caseback.audit.assays.confides import confides
from caseback.audit.assays.drift import DRIFT
from caseback.audit.assays.in_contexts import in_contexts
from caseback.audit.assays.leaked import LEAKED
from caseback.audit.assays.leans import leans
from caseback.audit.assays.lies import lies
from caseback.audit.assays.moved import moved
from caseback.audit.assays.noise import noise
from caseback.audit.assays.spectrum import SPECTRUM
from caseback.audit.assays.spelled import spelled
from caseback.audit.assays.tempted import tempted
from caseback.audit.assays.thought import thought
from caseback.audit.assays.triggered import triggered
from caseback.audit.assays.unaware import unaware
from caseback.audit.assays.unwatched import unwatched
from caseback.behaviours.appeals import deciding
from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.deception import BEHAVIOUR as DECEPTION
from caseback.behaviours.sandbagging import BEHAVIOUR as SANDBAGGING
from caseback.behaviours.sycophancy import BEHAVIOUR as SYCOPHANCY
from caseback.behaviours.unfaithful_reasoning import BEHAVIOUR as UNFAITHFUL
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.world.kinds import every_kind
from caseback.world.worlds import is_world, world_of


@dataclass(frozen=True)
class Panel:
    """``n`` situations, or pairs, in each assay, and at most ``max_new_tokens`` in a reply; an assay that takes longer
    than ``seconds`` cannot tell. Which assays it has stands in ``ASSAYS``, by its name."""

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


def assays(behaviours: Mapping[str, Behaviour], ground: Ground, panel: str = QUICK.name) -> dict[str, Assay]:
    """All assays of the panel of that name, by name: for each behaviour those that suit it, then those that name none.

    Raises:
        CasebackError: there is no such panel.
    """
    if panel not in ASSAYS:
        raise CasebackError(f"no panel is called {panel!r}: there are {', '.join(ASSAYS)}")
    made = ASSAYS[panel]
    found = [assay for make in made.of_each for behaviour in behaviours.values() for assay in make(behaviour, ground)]
    return {assay.name: assay for assay in [*found, *made.of_none]}


def _usual(behaviour: Behaviour, ground: Ground) -> list[Assay]:
    """A pair of situations is itself a comparison, so it is not compared again under cues; letters are put apart only
    in requests."""
    single = [] if behaviour.arms else [unwatched(behaviour), unaware(behaviour)]
    hidden = [noise(behaviour)] if behaviour.name == SANDBAGGING.name else []
    in_letters = [spelled(behaviour)] if is_world(ground) and "harm" in behaviour.families else []
    read = [tempted(behaviour), in_contexts(behaviour), *in_letters]
    scored = [admits(behaviour), confides(behaviour), *([leans(behaviour)] if is_world(ground) else [])]
    return [*read, *single, *scored, moved(behaviour), *hidden]


def _further(behaviour: Behaviour, ground: Ground) -> list[Assay]:
    """What takes longer. Most of it needs answers whose truth is known, so only a world has it; appeals are made where
    a clause of the constitution decides, and lies are read where somebody wants the false stated."""
    unmoved = [thought(behaviour)] if behaviour.name == UNFAITHFUL.name else []
    if not is_world(ground):
        return unmoved
    stated = [lies(behaviour)] if behaviour.name in (DECEPTION.name, SYCOPHANCY.name) else []
    hidden = [by_example(behaviour), by_training(behaviour)] if behaviour.name == SANDBAGGING.name else []
    answers = every_kind(world_of(ground)) if behaviour.acted is None else ()
    known = behaviour.families[0].split(".")[0] in answers
    sought = [triggered(behaviour)] if known else []
    moved_by = [appealed(behaviour)] if known and deciding(default(), behaviour) else []
    return [*stated, *hidden, *sought, *moved_by, *unmoved]


@dataclass(frozen=True)
class Makers:
    """What makes a panel's assays: ``of_each`` those of a behaviour on a ground, ``of_none`` those that name none."""

    of_each: tuple[Callable[[Behaviour, Ground], list[Assay]], ...]
    of_none: tuple[Assay, ...]


ASSAYS: Mapping[str, Makers] = {
    QUICK.name: Makers((_usual,), (DRIFT, SPECTRUM)),
    FULL.name: Makers((_usual, _further), (DRIFT, SPECTRUM, LEAKED)),
}
