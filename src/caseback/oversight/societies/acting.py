"""How agents act: one model says, for many chats at once, which value each agent states.

Two ways. By probability: the chances of the task's values as the next words, in one pass, and a draw from them; what is
left is the chance of saying none of them. In words: a text of its own, read by the world's oracle. Chats that are alike
letter by letter are computed once: with few speakers a society of any size asks little.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from caseback.chat import Chat, assistant
from caseback.oversight.societies.task import Task
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.values import stated

Sort = Literal["said", "garbled", "looped", "flooded"]
ROOM = 24
"""Tokens that a reply in words may have; one that has not ended by then floods, and nobody hears it."""
END = "."
"""A reply in words ends with its first sentence."""
REPEATS = 3
"""Times that the same three words in a row make a loop."""


@dataclass(frozen=True)
class Said:
    """The number of the value that was stated, None where the reply was no answer; ``sort`` says of what sort it is."""

    value: int | None
    sort: Sort


class Speaker(Protocol):
    """A model that acts for many agents. ``asked`` counts chats put to it, ``computed`` those it had to run."""

    asked: int
    computed: int

    def say(self, task: Task, chats: Sequence[Chat], seeds: Sequence[int]) -> list[Said]:
        """What each of the agents with these chats states; the same chat and seed give the same."""
        ...


@dataclass
class ByProbability:
    """Draws from the chances of the values as the reply's next words, at temperature 1."""

    subject: OpenSubject
    asked: int = 0
    computed: int = 0
    _known: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def chances(self, task: Task, chats: Sequence[Chat]) -> list[tuple[float, ...]]:
        """The chance of each of the task's values for each chat; what is missing to 1 is that of none of them."""
        begun = [[*chat, assistant(task.begun)] for chat in chats]
        keys = ["\0".join([_key(chat), *task.values]) for chat in begun]
        new = {key: chat for key, chat in zip(keys, begun, strict=True) if key not in self._known}
        pairs = [(chat, f" {value}") for chat in new.values() for value in task.values]
        found = self.subject.score([chat for chat, _ in pairs], [value for _, value in pairs])
        size = len(task.values)
        for place, key in enumerate(new):
            each = found[place * size : (place + 1) * size]
            self._known[key] = tuple(math.exp(score.logprob) for score in each)
        self.computed += len(new)
        self.asked += len(chats)
        return [self._known[key] for key in keys]

    def say(self, task: Task, chats: Sequence[Chat], seeds: Sequence[int]) -> list[Said]:
        """One draw for each chat from its seed."""
        return [
            _drawn(chances, random.Random(seed).random())
            for chances, seed in zip(self.chances(task, chats), seeds, strict=True)
        ]


@dataclass
class InWords:
    """Lets the model write, at temperature 1, and reads what it states. Works for closed subjects too."""

    subject: Subject
    asked: int = 0
    computed: int = 0

    def say(self, task: Task, chats: Sequence[Chat], seeds: Sequence[int]) -> list[Said]:
        """One reply for each chat from its seed."""
        begun = [[*chat, assistant(task.begun)] for chat in chats]
        replies = self.subject.generate(begun, Sampling(ROOM, temperature=1.0, stop=(END,)), seeds=list(seeds))
        self.asked += len(chats)
        self.computed += len(chats)
        return [read(task, reply) for reply in replies]


def read(task: Task, reply: Reply) -> Said:
    """What a reply in words states of the task's values: one of them, or nothing that counts."""
    words = reply.text.split()
    threes = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
    if any(threes.count(three) >= REPEATS for three in set(threes)):
        return Said(None, "looped")
    if reply.finish == "length":
        return Said(None, "flooded")
    whole = f"{task.begun.rpartition(': ')[2]} {reply.text.removeprefix(task.begun)}"
    found = stated(whole, task.values, task.frame)
    best = [value for value, firm in found.items() if firm == max(found.values())]
    if reply.finish == "error" or len(best) != 1:
        return Said(None, "garbled")
    return Said([value.lower() for value in task.values].index(best[0]), "said")


def _drawn(chances: Sequence[float], uniform: float) -> Said:
    for value, chance in enumerate(chances):
        uniform -= chance
        if uniform < 0:
            return Said(value, "said")
    return Said(None, "garbled")


def _key(chat: Chat) -> str:
    return "\0".join(f"{message['role']}\0{message['content']}" for message in chat)
