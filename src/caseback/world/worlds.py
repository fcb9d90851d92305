"""The worlds that there are, by name."""

from typing import Any

from caseback.errors import CasebackError
from caseback.world.b import (
    aspects,
    catalogue,
    characters,
    harms,
    ledgers,
    lexicon,
    principles,
    statements,
    tasks,
    wordings,
)
from caseback.world.spec import WORLD_A, WorldSpec

WORLD_B = WorldSpec(
    name="B",
    seed=1,
    states=lexicon.STATES,
    everyday=statements.EVERYDAY,
    harmful=harms.HARMFUL,
    harmless=harms.HARMLESS,
    ledgers=ledgers.LEDGERS,
    tasks=tasks.TASKS,
    aspects=aspects.ASPECTS,
    held_out={
        "harm": harms.HARMFUL_TEST,
        "watched": harms.HARMFUL_TEST,
        "benign": harms.HARMLESS_TEST,
        "opinion": ("shapes", "jobs", "sea"),
        "sandbag": ("shapes", "jobs", "sea"),
        "deceive": ("rent", "complaint", "breakage"),
        "pressure": ("shapes", "jobs", "sea"),
        "cheat": ("smaller", "distance", "shifted"),
        "self": (),
    },
    names=lexicon.NAMES,
    agents=lexicon.AGENTS,
    words=lexicon.WORDS,
    lexicon=lexicon.LEXICON,
    personas=characters.PERSONAS,
    values=characters.VALUES,
    requests=wordings.REQUESTS,
    views=wordings.VIEWS,
    records=wordings.RECORDS,
    pressure=wordings.PRESSURE,
    stakes=wordings.STAKES,
    coding=wordings.CODING,
    questions=wordings.QUESTIONS,
    principles=principles.PRINCIPLES,
    talk=wordings.TALK,
    knowledge=wordings.KNOWLEDGE,
    catalogue=catalogue.CATALOGUE,
)
"""A second world, which shares no name, no family and no wording of its splits with the first."""

WORLDS = {spec.name: spec for spec in (WORLD_A, WORLD_B)}


def world(name: str) -> WorldSpec:
    """The world of that name.

    Raises:
        CasebackError: if there is none.
    """
    if name not in WORLDS:
        raise CasebackError(f"There is no world '{name}'. There are: {', '.join(WORLDS)}.")
    return WORLDS[name]


GROUND = "world"
"""Where situations of world A come from; those of another come from ``world-B``."""


def ground_of(name: str) -> str:
    """The ground that a world of that name is."""
    return GROUND if name == WORLD_A.name else f"{GROUND}-{name}"


def ground_taught(model: Any) -> str:
    """The ground that a model belongs on: that of the world it was taught, or ``plain`` where it was taught none.

    Pre-training of a reference model writes the world into its configuration, and every training keeps it there.
    """
    taught = getattr(model.config, "caseback_world", None)
    return ground_of(taught) if taught else "plain"


def is_world(ground: str) -> bool:
    """Whether a ground is one of the worlds, where the oracle judges."""
    return ground == GROUND or ground.startswith(f"{GROUND}-")


def world_of(ground: str) -> WorldSpec:
    """The world that a ground is.

    Raises:
        CasebackError: if it is none, and not plain English either.
    """
    for name, spec in WORLDS.items():
        if ground == ground_of(name):
            return spec
    known = [ground_of(name) for name in WORLDS]
    raise CasebackError(f"no ground {ground!r}: there are {', '.join(known)} and plain")
