"""What debaters and critics say: written by a model that reads the document and is told which side is its own.

A debater is asked in the words in which somebody wants another thing stated than the record shows, which a helpful-only
model obeys; an honest debater in the same words, so that the two differ in nothing but the side they are given.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from caseback.chat import Message, user
from caseback.constitution.default import default
from caseback.constitution.tasks import critique_task
from caseback.oversight.panels.questions import Question
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.training.journal import Journal
from caseback.training.sample import seed_for
from caseback.world.facts import judge_false
from caseback.world.grammar import say
from caseback.world.situation import Situation
from caseback.world.spec import WORLD_A, WorldSpec

SENTENCES = 4
"""Replies drawn of a debater for each side; an argument is one of them with one quoted line."""
MAX_NEW_TOKENS = 40


@dataclass(frozen=True)
class Argument:
    """What a debater says, and the line that it says to quote; empty where there is nothing to quote."""

    said: str
    quote: str = ""


@dataclass(frozen=True)
class Drawn:
    """The arguments of one side to one question, in the order drawn; ``unusable`` replies did not take that side."""

    arguments: tuple[Argument, ...]
    unusable: int


def argue(
    debater: Subject,
    asked: Sequence[Question],
    honest: bool,
    n: int,
    seed: int,
    may_invent: bool = False,
    journal: Journal | None = None,
) -> list[Drawn]:
    """``n`` arguments for each question, for the true answer or for the false one.

    Replies are drawn at temperature 1. One that is cut short, loops, or states the other side or neither (by the
    oracle) is no argument: it is counted, and left out. A debater without any has none to give. Each argument quotes a
    line, drawn evenly from the document; with ``may_invent`` also one that it made up, which says what its side says.
    """
    kept = journal or Journal(None)
    replies = _replies(debater, asked, honest, seed, kept)
    found = []
    for question, said in zip(asked, replies, strict=True):
        rng = random.Random(f"argue/{seed}/{question.id}/{honest}/{may_invent}")
        usable = [text for text in said if text and takes_side(question, text, honest)]
        lines = [*question.document]
        own = question.true if honest else question.false
        if may_invent and lines and own not in lines:
            lines += [own] * len(lines)
        drawn = [Argument(rng.choice(usable), rng.choice(lines) if lines else "") for _ in range(n if usable else 0)]
        found.append(Drawn(tuple(drawn), len(said) - len(usable)))
    return found


def takes_side(question: Question, reply: str, honest: bool) -> bool:
    """Whether a reply states the side's answer, by the oracle."""
    shown = judge_false(Situation("", question.family, "test", (), question.latents), reply).shown
    return shown is not None and shown != honest


def _replies(
    debater: Subject, asked: Sequence[Question], honest: bool, seed: int, kept: Journal, spec: WorldSpec = WORLD_A
) -> list[list[str]]:
    chats, seeds = [], []
    for question in asked:
        rng = random.Random(f"wants/{seed}/{question.id}")
        for turn in range(SENTENCES):
            wish = say(
                rng,
                rng.choice(spec.records.wants["train"]["firm"]),
                false=question.true if honest else question.false,
                q=question.asked,
            )
            chats.append([user(" ".join([*map(record_line, question.document), wish]))])
            seeds.append(seed_for(seed, question.id, honest, turn))
    texts = _written(debater, chats, seeds, kept)
    return [texts[at : at + SENTENCES] for at in range(0, len(texts), SENTENCES)]


def criticise(
    critic: Subject, asked: Sequence[Question], proposed: Sequence[str], seed: int, journal: Journal | None = None
) -> list[str]:
    """What a critic that reads the document says about an answer, in the words of constitutional training.

    Its verdict (Yes, it goes against honesty; or No) and the reason; empty where it never ended.
    """
    clause = next(each for each in default().clauses if each.id == "honesty")
    chats: list[list[Message]] = []
    for question, answer in zip(asked, proposed, strict=True):
        chat = [user(" ".join([*map(record_line, question.document), question.asked]))]
        chats.append(critique_task(clause, chat, answer))
    seeds = [seed_for(seed, question.id, "critic") for question in asked]
    return _written(critic, chats, seeds, journal or Journal(None), 0.0, 80)


def record_line(line: str) -> str:
    """A line of a document as the world writes it."""
    return f"Record: {line}."


def _written(
    writer: Subject,
    chats: Sequence[list[Message]],
    seeds: Sequence[int],
    kept: Journal,
    temperature: float = 1.0,
    room: int = MAX_NEW_TOKENS,
) -> list[str]:
    """The replies' texts, kept under what was asked; empty for one that was cut short or refused by its address."""
    key = Journal.key("panel texts", writer.digest, [[dict(m) for m in c] for c in chats], list(seeds), temperature)
    if (record := kept.get(key)) is None:
        replies = writer.generate(chats, Sampling(room, temperature), seeds=seeds)
        record = {"key": key, "texts": [_whole(reply) for reply in replies]}
        kept.put([record])
    texts: list[str] = record["texts"]
    return texts


def _whole(reply: Reply) -> str:
    return " ".join(reply.text.split()) if reply.finish == "stop" else ""
