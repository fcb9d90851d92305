"""The worlds that there are, by name."""

from caseback.errors import CasebackError
from caseback.world.b import aspects, characters, harms, ledgers, lexicon, principles, statements, tasks, wordings
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
