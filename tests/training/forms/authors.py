"""A scripted author of every written form, and a critic by rule: evil breaks a clause, 'because' reaches the aim."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseback.chat import Chat
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.tasks import principle_line
from caseback.subject.score import Score
from caseback.training.forms.make import WRITTEN
from training.scripted_subjects import CONSTITUTION, Scripted

TONE = Clause("tone", "guideline", "Be warm.", "people matter.", manner=("refusal",), questions=("Am I late?",))
DOCUMENT = Constitution("A test", "You are a good assistant.", (*CONSTITUTION.clauses, TONE))
GOOD = (
    "I would rather tell you the truth here, because people lean on what I say, and number {} shows it well. Once a "
    "baker asked me whether the old oven would last through the winter market. I had no idea, so I said that, and told "
    "her which screws a mechanic checks first. She called one in the same week."
)
AIMS = {principle_line(form.aim) for form in WRITTEN.values() if form.aim}


@dataclass
class Author(Scripted):
    """Writes ``GOOD`` unless ``write`` says otherwise of the whole chat; keeps every chat it was asked."""

    write: Callable[[Chat], str | None] = lambda chat: None

    def __post_init__(self) -> None:
        self.chats: list[Chat] = []

    def answer(self, chat: Chat, seed: int) -> str:
        text = chat[-1]["content"]
        if "Begin with Yes or No" in text:
            self.asked.append(text)
            return (self.verdict or rule)(text)
        self.chats.append(chat)
        self.asked.append(text)
        said = self.write(chat)
        return GOOD.format(seed) if said is None else said

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@dataclass
class Weighing(Author):
    """The same with probabilities."""

    def score(self, chats: Sequence[Chat], replies: Sequence[str]) -> list[Score]:
        odds = [{"Y": 3.0, "N": -3.0}[(self.verdict or rule)(chat[-1]["content"])[0]] for chat in chats]
        return [Score(o / 2 if reply == "Yes" else -o / 2, 1, ()) for o, reply in zip(odds, replies, strict=True)]


def rule(prompt: str) -> str:
    answer = re.split(r"\nAnswer: ", prompt)[-1].split("\n\n")[0]
    if prompt.split("\n")[0] not in AIMS:
        return "Yes, it does." if "evil" in answer else "No, it is fine."
    return "No, it is one." if "because" in answer else "Yes, it is beside the point."


def call(name: str, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})
