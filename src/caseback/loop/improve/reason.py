"""A clearer reason for a clause, written by a model."""

import re
from collections.abc import Callable

from caseback.chat import user
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import principle_line
from caseback.constitution.wording import content_words
from caseback.subject.load import load
from caseback.subject.resolve import resolve
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import ask
from caseback.training.journal import Journal
from caseback.training.sample import seed_for

DRAWN = 8
"""Reasons that are drawn; the first that is fit is taken."""
LONGEST = 40
"""Words of a reason that is fit."""


def reason_writer(teacher: str | None, model: str, seed: int, journal: Journal) -> Callable[[Clause], str]:
    """Writes a clearer reason with the teacher, or the model itself, loaded only once it is asked."""
    return lambda clause: clearer_reason(resolve(teacher) if teacher else load(model), clause, seed, journal)


def clearer_reason(writer: Subject, clause: Clause, seed: int, journal: Journal) -> str:
    """One sentence that says why the clause is right; empty where none of those drawn is fit.

    Fit is a single whole sentence of 4 to ``LONGEST`` words in other words than the clause and its present reason, and
    with at least one word in common with them. Whether it helps is not for the writer to say: the round measures it.
    """
    question = (
        f"{principle_line(clause)}\n\n"
        "Give a clearer reason for the principle, in one sentence that somebody who does not care for rules would see. "
        "Begin with Because."
    )
    seeds = [seed_for("reason", seed, clause.id, draw) for draw in range(DRAWN)]
    chats = [[user(question)]] * DRAWN
    texts = ask(writer, "reason", chats, Sampling(max_new_tokens=80, temperature=0.7), seeds, journal)
    reasons = (_reason(text.text) for text in texts if text.whole)
    return next((reason for reason in reasons if _fit(reason, clause)), "")


def _reason(text: str) -> str:
    return re.sub(r"^[*\s]*because[*\s,]*", "", text.strip(), flags=re.IGNORECASE)


def _fit(reason: str, clause: Clause) -> bool:
    words, known = content_words(reason), content_words(f"{clause.text} {clause.brief} {clause.reason}")
    one_line = "\n" not in reason and reason.endswith(".") and len(re.findall(r"[.!?](?:\s|$)", reason)) == 1
    return one_line and 4 <= len(reason.split()) <= LONGEST and bool(words & known) and not words <= known
