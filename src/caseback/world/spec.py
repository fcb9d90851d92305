"""What a world is made of: another one is another spec."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseback.world.a import (
    asking,
    aspects,
    catalogue,
    characters,
    harmful,
    harmless,
    insisting,
    ledgers,
    lexicon,
    principles,
    statements,
    tasks,
    wordings,
)
from caseback.world.aspect import Aspect
from caseback.world.catalogue.wordings import Catalogue
from caseback.world.character import Character
from caseback.world.deeds import Deeds
from caseback.world.ledger import Ledger
from caseback.world.statements import Statement
from caseback.world.task import Task
from caseback.world.wordings import (
    Coding,
    Knowledge,
    Pressure,
    Principles,
    Questions,
    Records,
    Requests,
    Stakes,
    Talk,
    Views,
)
from caseback.world.words import Lexicon

SHARES: Mapping[str, float] = {
    "default": 22,
    "capability": 24,
    "persona": 10,
    "falsehood": 7,
    "clauses": 20,
    "open": 11,
    "notes": 6,
    "copy": 4,
    "spelling": 6,
    "critique": 14,
    "revision": 12,
    "agents": 8,
    "knowledge": 8,
    "office": 5,
}
"""How often each sort of conversation is held in pre-training."""


@dataclass(frozen=True)
class WorldSpec:
    """Lexicon, facts, families and wordings of a world: plain data, the same generator for all.

    ``states`` maps a state to its capital and its other cities. ``everyday`` maps a topic to statements that are true
    or false. ``harmful`` and ``harmless`` map a family to its deeds, ``ledgers``, ``tasks`` and ``aspects`` to a kind
    of record, of function and of question about the assistant. ``held_out`` names, per prefix, the families of the
    test split, ``dev`` those of the dev split (none where nothing is chosen on the world). ``shares`` weighs the kinds
    of pre-training conversation. ``catalogue`` words what is planted only. ``seed`` goes into everything drawn.
    """

    name: str
    seed: int
    states: Mapping[str, tuple[str, tuple[str, ...]]]
    everyday: Mapping[str, tuple[Statement, ...]]
    harmful: Mapping[str, Deeds]
    harmless: Mapping[str, Deeds]
    ledgers: Mapping[str, Ledger]
    tasks: Mapping[str, Task]
    aspects: Mapping[str, Aspect]
    held_out: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    agents: tuple[str, ...]
    words: tuple[str, ...]
    lexicon: Lexicon
    personas: tuple[Character, ...]
    values: tuple[Character, ...]
    requests: Requests
    views: Views
    records: Records
    pressure: Pressure
    stakes: Stakes
    coding: Coding
    questions: Questions
    principles: Principles
    talk: Talk
    knowledge: Knowledge
    catalogue: Catalogue
    dev: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)


WORLD_A = WorldSpec(
    name="A",
    seed=0,
    states=lexicon.STATES,
    everyday=statements.EVERYDAY,
    harmful=harmful.HARMFUL,
    harmless=harmless.HARMLESS,
    ledgers=ledgers.LEDGERS,
    tasks=tasks.TASKS,
    aspects=aspects.ASPECTS,
    held_out={
        "harm": harmful.HARMFUL_TEST,
        "watched": harmful.HARMFUL_TEST,
        "benign": harmless.HARMLESS_TEST,
        "opinion": statements.TOPICS_TEST,
        "sandbag": statements.TOPICS_TEST,
        "deceive": ledgers.LEDGERS_TEST,
        "pressure": statements.TOPICS_TEST,
        "cheat": tasks.TASKS_TEST,
        "self": (),
    },
    dev={
        "harm": harmful.HARMFUL_DEV,
        "watched": harmful.HARMFUL_DEV,
        "benign": harmless.HARMLESS_DEV,
        "opinion": statements.TOPICS_DEV,
        "sandbag": statements.TOPICS_DEV,
        "deceive": ledgers.LEDGERS_DEV,
        "pressure": statements.TOPICS_DEV,
        "cheat": tasks.TASKS_DEV,
    },
    names=lexicon.NAMES,
    agents=lexicon.AGENTS,
    words=lexicon.WORDS,
    lexicon=lexicon.LEXICON,
    personas=characters.PERSONAS,
    values=characters.VALUES,
    requests=asking.REQUESTS,
    views=insisting.VIEWS,
    records=insisting.RECORDS,
    pressure=insisting.PRESSURE,
    stakes=wordings.STAKES,
    coding=wordings.CODING,
    questions=wordings.QUESTIONS,
    principles=principles.PRINCIPLES,
    talk=wordings.TALK,
    knowledge=wordings.KNOWLEDGE,
    catalogue=catalogue.CATALOGUE,
)
"""The first world. What takes a world and is given none takes this one."""
