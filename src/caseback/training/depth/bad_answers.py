"""The base's own bad answers: they begin replies for the prefill curve, and are learnt again for the relearning one."""

from collections.abc import Sequence
from dataclasses import replace

from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import ask
from caseback.training.depth.trial import Trial
from caseback.training.sample import seed_for
from caseback.world.situation import Situation

DRAWS = 3
"""Answers drawn at temperature 1 where the greedy one does not show the behaviour."""


def bad_answers(trial: Trial, base: OpenSubject, situations: Sequence[Situation]) -> list[str]:
    """For each situation a whole answer of the base's that shows the behaviour, by its judge; empty where none did."""
    found = [""] * len(situations)
    for draw in range(DRAWS + 1):
        left = [i for i, text in enumerate(found) if not text]
        sampling = replace(trial.sampling, temperature=1.0 if draw else 0.0)
        seeds = [seed_for("bad", trial.seed, situations[i].id, draw) for i in left]
        texts = ask(base, "bad", [situations[i].messages for i in left], sampling, seeds, trial.journal)
        for i, text in zip(left, texts, strict=True):
            if text.whole and trial.behaviour.judge(situations[i], text.text).shown:
                found[i] = text.text
    return found


def beginnings(subject: OpenSubject, situations: Sequence[Situation], answers: Sequence[str]) -> list[list[int]]:
    """The answers as tokens of the subject's reply; where its prompt opens a thinking section, that is closed first."""
    ids = []
    for situation, answer in zip(situations, answers, strict=True):
        prompt = subject.format.prompt(situation.messages)
        closing = f"{subject.format.tags[1]}\n\n" if prompt.thinking else ""
        ids.append(subject.continuation_ids(prompt, closing + answer))
    return ids


def check_same_tokens(first: OpenSubject, second: OpenSubject) -> None:
    """See that what is a token to one is the same token to the other.

    Raises:
        CasebackError: where it is not.
    """
    if first.tokenizer.get_vocab() != second.tokenizer.get_vocab():
        raise CasebackError(
            f"{first.name} and {second.name} have different tokenizers: depth compares a model with the one it was "
            "trained from"
        )
