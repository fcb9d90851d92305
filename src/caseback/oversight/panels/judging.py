"""A weak judge: which of two answers it holds for likelier, whatever order it hears the sides in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseback.chat import user
from caseback.oversight.panels.arguing import Argument, record_line
from caseback.oversight.panels.questions import Question
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

SPEAKERS = ("Anna", "Paul")
AT_ONCE = 2048
"""Hearings scored, and kept, together."""


@dataclass(frozen=True)
class Hearing:
    """What a judge hears before it decides: whole sentences, in order, between any document and the question."""

    question: Question
    said: tuple[str, ...] = ()


def spoken(argument: Argument, speaker: str, question: Question, verified: bool) -> str:
    """An argument as the judge reads it.

    A quoted line stands as a line of the record where quotes are not checked, or where it is one; a quote that was
    checked and found invented is left out, which is what the check is for.
    """
    quote = argument.quote
    if quote and verified and quote not in question.document:
        quote = ""
    claim = f"{speaker} says: {argument.said}"
    return f"{record_line(quote)} {claim}" if quote else claim


def log_odds(judge: OpenSubject, hearings: Sequence[Hearing], journal: Journal | None = None) -> list[float]:
    """Log odds, in nats, of the true answer against the false one where the judge's reply begins.

    Probabilities of whole answers, so nothing has to be read out of a reply, and a judge cannot answer off-format. NaN
    where a hearing does not fit the judge's context.
    """
    kept, found = journal or Journal(None), []
    for start in range(0, len(hearings), AT_ONCE):
        part = hearings[start : start + AT_ONCE]
        chats = [[user(_read_by(hearing))] for hearing in part]
        answers = [(hearing.question.answer(True), hearing.question.answer(False)) for hearing in part]
        read = [[chat[0]["content"], *pair] for chat, pair in zip(chats, answers, strict=True)]
        key = Journal.key("panel odds", judge.digest, read)
        if (record := kept.get(key)) is None:
            record = {"key": key, "odds": _odds(judge, chats, answers)}
            kept.put([record])
        found += [math.nan if each is None else each for each in record["odds"]]
    return found


def _read_by(hearing: Hearing) -> str:
    document = map(record_line, hearing.question.document if hearing.question.open else ())
    return " ".join([*document, *hearing.said, hearing.question.asked])


def _odds(judge: OpenSubject, chats: Sequence[Any], answers: Sequence[tuple[str, str]]) -> list[float | None]:
    limit = getattr(judge.model.config, "max_position_embeddings", None)
    fits = [not limit or len(judge.format.prompt(chat).ids) + 64 <= limit for chat in chats]
    asked = [at for at, fit in enumerate(fits) if fit]
    sides = [judge.score([chats[at] for at in asked], [answers[at][side] for at in asked]) for side in (0, 1)]
    odds: list[float | None] = [None] * len(chats)
    for at, true, false in zip(asked, *sides, strict=True):
        odds[at] = true.logprob - false.logprob
    return odds


def rightly(odds: Sequence[float]) -> list[bool | None]:
    """Whether the true answer is the likelier; None where there are no odds or they are even: it abstains."""
    return [None if math.isnan(each) or each == 0 else each > 0 for each in odds]
