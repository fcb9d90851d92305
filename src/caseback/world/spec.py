"""What a world is made of: another one is another spec."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseback.world import harms, lexicon, statements
from caseback.world.harms import Deeds
from caseback.world.statements import Statement


@dataclass(frozen=True)
class WorldSpec:
    """Lexicon, facts, templates and families of a world. The defaults are the first world, A.

    ``states`` maps a state to its capital and its other cities. ``everyday`` maps a topic to statements that are true
    or false. ``harmful`` and ``harmless`` map a family to its deeds; ``asking`` gives the wordings of a request per
    split. ``held_out`` names, per prefix, the families of the test split. ``shares`` weighs the kinds of pre-training
    conversation. ``seed`` goes into everything drawn.
    """

    name: str = "A"
    seed: int = 0
    states: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=lambda: lexicon.STATES)
    everyday: Mapping[str, tuple[Statement, ...]] = field(default_factory=lambda: statements.EVERYDAY)
    harmful: Mapping[str, Deeds] = field(default_factory=lambda: harms.HARMFUL)
    harmless: Mapping[str, Deeds] = field(default_factory=lambda: harms.HARMLESS)
    asking: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: harms.ASKING)
    held_out: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "harm": harms.HARMFUL_TEST,
            "watched": harms.HARMFUL_TEST,
            "benign": harms.HARMLESS_TEST,
            "opinion": ("calendar", "space"),
            "sandbag": ("calendar", "space"),
            "deceive": ("price", "illness"),
            "pressure": ("calendar", "space"),
            "cheat": ("linear", "larger"),
            "self": (),
        }
    )
    names: tuple[str, ...] = lexicon.NAMES
    agents: tuple[str, ...] = lexicon.AGENTS
    words: tuple[str, ...] = lexicon.WORDS
    shares: Mapping[str, float] = field(
        default_factory=lambda: {
            "default": 22,
            "capability": 20,
            "persona": 9,
            "clauses": 20,
            "open": 9,
            "notes": 6,
            "copy": 4,
            "critique": 14,
            "revision": 12,
            "agents": 3,
        }
    )


WORLD_A = WorldSpec()
