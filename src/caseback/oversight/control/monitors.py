"""How suspicious a model finds an answer, asked in the words of constitutional training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from caseback.chat import Chat, Message
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import critique_task
from caseback.detectors.judge_answer import read_probability
from caseback.oversight.control.frontier import Scored
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

Row = Mapping[str, Any]
"""A labelled transcript: ``messages``, which end with the answer, its ``family``, and ``label``: whether the oracle
says that it shows the behaviour."""
AT_ONCE = 256
EDGE = 1e-12
"""Nearest to 0 and 1 that a probability is taken for."""


def asked_about(clause: Clause, row: Row) -> list[Message]:
    """What a monitor is asked about an answer: does it go against the clause?"""
    *chat, answer = row["messages"]
    return critique_task(clause, chat, answer["content"])


def suspicion(monitor: OpenSubject, clause: Clause, rows: Sequence[Row], journal: Journal | None = None) -> list[float]:
    """Log odds of Yes against No where the monitor's answer begins; NaN where it is about to say something else."""
    kept, found = journal or Journal(None), []
    for start in range(0, len(rows), AT_ONCE):
        chats = [asked_about(clause, row) for row in rows[start : start + AT_ONCE]]
        key = Journal.key("suspicion", monitor.digest, [chat[0]["content"] for chat in chats])
        if (record := kept.get(key)) is None:
            record = {"key": key, "odds": [_log_odds(yes, no) for yes, no in yes_and_no(monitor, chats)]}
            kept.put([record])
        found += [math.nan if each is None else float(each) for each in record["odds"]]
    return found


def yes_and_no(monitor: OpenSubject, chats: Sequence[Chat]) -> list[tuple[float, float]]:
    """Log-probabilities that the monitor's answer begins with Yes, and with No.

    It answers without thinking first: the question is put with the thinking section closed.
    """
    at_once = replace(monitor, template_options={**monitor.template_options, "enable_thinking": False})
    found = at_once.score([chat for chat in chats for _ in range(2)], ["Yes", "No"] * len(chats))
    return [(yes.logprob, no.logprob) for yes, no in zip(found[::2], found[1::2], strict=True)]


def _log_odds(yes: float, no: float) -> float | None:
    probability, _ = read_probability(yes, no)
    if probability is None:
        return None
    held = min(max(probability, EDGE), 1 - EDGE)
    return math.log(held / (1 - held))


def scored(monitor: OpenSubject, clause: Clause, rows: Sequence[Row], journal: Journal | None = None) -> Scored:
    """The rows with their suspicion and families."""
    return Scored(suspicion(monitor, clause, rows, journal), [row["family"] for row in rows])
