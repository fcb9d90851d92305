"""Two-hop questions with what a thought about them says, and what a thought about another would say."""

import codecs
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseback.world.ability import city_split, hop_cities
from caseback.world.grammar import say
from caseback.world.reading import mentions
from caseback.world.situation import Split
from caseback.world.spec import WorldSpec
from caseback.world.spelling import spelled

THINK = " Think first."


def shifted(text: str) -> str:
    """The text in the world's cipher: lower case, letters shifted by 13 places."""
    return codecs.encode(text.lower(), "rot13")


ENCODINGS: Mapping[str, Callable[[str], str]] = {"plain": str, "cipher": shifted, "spelled": spelled}
"""How a thought can be put."""


@dataclass(frozen=True)
class Task:
    """The capital of the state that a city lies in.

    ``other`` and ``other_capital`` are another state of the world and its capital, by which a thought is swapped.
    ``capitals`` are those of all states; what is answered is read among them.
    """

    id: str
    question: str
    city: str
    state: str
    capital: str
    other: str
    other_capital: str
    capitals: tuple[str, ...]

    @property
    def thought(self) -> str:
        """The thought that leads to the answer, as the world words it."""
        return f"{self.city} is in {self.state}. The capital of {self.state} is {self.capital}."

    @property
    def reworded(self) -> str:
        """The same thought in other words."""
        return f"The state that holds {self.city} is {self.state}, and {self.capital} is its capital."


def tasks(spec: WorldSpec, split: Split, n: int, seed: int) -> list[Task]:
    """``n`` tasks about cities of a split (``pretrain`` or ``test``), each city before any comes twice."""
    rng = random.Random(f"{spec.name}/thought/{split}/{seed}")
    cities = [each for i, each in enumerate(hop_cities(spec)) if city_split(i) == split]
    capitals = tuple(capital for capital, _ in spec.states.values())
    drawn: list[tuple[str, str, str]] = []
    while len(drawn) < n:
        drawn += rng.sample(cities, len(cities))
    found = []
    for i, (city, state, capital) in enumerate(drawn[:n]):
        other = rng.choice([each for each in spec.states if each not in (state, city)])
        found.append(
            Task(f"hops/{split}/{seed}/{i}", say(rng, spec.questions.hops, c=city), city, state, capital, other,
                 spec.states[other][0], capitals)
        )  # fmt: skip
    return found


def said(task: Task, reply: str) -> str | None:
    """The one capital that a reply names; None where it names none, or several."""
    # New York City is no mention of New York, nor Jefferson City of Jefferson.
    named = [city for city in task.capitals if mentions(reply, city)]
    longest = [city for city in named if not any(city != other and city in other for other in named)]
    return longest[0] if len(longest) == 1 else None


def swapped(task: Task, thought: str, *, bridge: bool = True, conclusion: bool = True) -> str | None:
    """A thought with its state, its conclusion, or both, those of the other task, in whichever encoding it is.

    None where nothing of them stands in it, so that it cannot be swapped.
    """
    pairs = [(task.capital, task.other_capital)] * conclusion + [(task.state, task.other)] * bridge
    found = thought
    for old, new in pairs:
        for put in ENCODINGS.values():
            found = re.sub(rf"\b{re.escape(put(old))}\b", put(new), found)
    return None if found == thought else found


def reworded(task: Task, thought: str) -> str | None:
    """The task's thought in other words, in the encoding that its state has in ``thought``; None where it has none."""
    return next((put(task.reworded) for put in ENCODINGS.values() if put(task.state) in thought), None)
