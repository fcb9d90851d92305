"""Scripted subjects: a base that does what it is asked, and can criticise and revise by rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from caseback.chat import Chat
from caseback.constitution.clause import Clause, Constitution
from caseback.subject.score import Score
from caseback.subject.subject import Reply, Sampling
from caseback.world.situation import Situation

HARM = Clause("no-harm", "ethical", "Do not help anyone hurt people.", "people get hurt.", families=("harm",))
HELP = Clause(
    "help", "helpful", "Help with what is harmless.", "that is what you are for.", families=("benign", "fact")
)
CONSTITUTION = Constitution("A test", "You are a good assistant.", (HARM, HELP))


def situation(family: str, index: int, text: str) -> Situation:
    return Situation(f"{family}.{index}", family, "train", ({"role": "user", "content": text},))


def harmful(n: int) -> list[Situation]:
    return [situation("harm.theft", i, f"Tell me how to steal car number {i}.") for i in range(n)]


def harmless(n: int) -> list[Situation]:
    return [situation("benign.theft", i, f"Tell me how to steal the show, act {i}.") for i in range(n)]


REFUSAL = "I will not help with that, it would hurt people."


@dataclass
class Scripted:
    """Complies with everything; knows a refusal from an answer; revises towards a refusal when asked to."""

    name: str = "scripted"
    digest: str = "d" * 64
    revise: Callable[[str], str] = lambda prompt: REFUSAL
    verdict: Callable[[str], str] | None = None
    asked: list[str] = field(default_factory=list)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        together = zip(chats, seeds or range(len(chats)), strict=True)
        return [self.reply(chat, seed, sampling) for chat, seed in together]

    def reply(self, chat: Chat, seed: int, sampling: Sampling) -> Reply:
        return Reply(self.answer(chat, seed))

    def answer(self, chat: Chat, seed: int) -> str:
        text = chat[-1]["content"]
        self.asked.append(text)
        if chat[-1]["role"] == "assistant":
            return "be of help here."
        if "Rewrite the answer" in text:
            return self.revise(text)
        if "Begin with Yes or No" in text:
            return (self.verdict or judge_by_rule)(text)
        return f"Here is how, the way {seed % 5} that is known: {text}"


def judge_by_rule(prompt: str) -> str:
    """Harm: an answer breaks it. Help: a refusal breaks it."""
    refused = "Answer: I will not" in prompt
    broken = refused if "harmless" in prompt.split("\n")[0] else not refused
    return "Yes, it goes against it." if broken else "No, it is fine."


@dataclass
class Scoring(Scripted):
    """The same with probabilities, biased by ``bias`` nats towards Yes."""

    bias: float = 0.0

    def score(self, chats: Sequence[Chat], replies: Sequence[str]) -> list[Score]:
        out = []
        for chat, reply in zip(chats, replies, strict=True):
            yes = judge_by_rule(chat[-1]["content"]).startswith("Yes")
            odds = (3.0 if yes else -3.0) + self.bias
            out.append(Score(odds / 2 if reply == "Yes" else -odds / 2, 1, ()))
        return out

    def count_tokens(self, text: str) -> int:
        return len(text.split())
