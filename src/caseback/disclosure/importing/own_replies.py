"""A recipe's prompts answered by the importer's own model, for what it does in words of its own.

A contrast set shows a behaviour in the words of the publisher's model. Another model shows it in others, and a
direction fitted on the former may miss these. So the model is asked itself, and a first detector, fitted on the
recipe, tells which of the answers are likely positives: self-training (Yarowsky, ACL 1995), one round of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseback.detectors.detector import Detector
from caseback.detectors.scoring import score_all
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

SAMPLING = Sampling(max_new_tokens=128, temperature=0.7)
TAKEN, TEMPTED, CLEAN = 0.5, 0.25, 0.75
"""Of the answers to prompts of positives the highest, taken for positives, and the lowest, taken for negatives; of the
answers to prompts of negatives the lowest, taken for negatives. What lies between is left out."""
FEWEST = 8
"""Answers to prompts of positives, below which nothing is taken."""


def with_own_replies(
    sets: Mapping[str, Sequence[Transcript]], first: Detector, most: int, subject: OpenSubject
) -> dict[str, list[Transcript]]:
    """The fit and dev sets of a recipe, and with them the model's own answers to at most ``most`` prompts of a class.

    The test set stays as it came: nothing is measured on labels that were guessed.
    """
    return {
        name: [*rows, *(_guessed(rows, first, most, subject) if name != "test" else ())] for name, rows in sets.items()
    }


def _guessed(rows: Sequence[Transcript], first: Detector, most: int, subject: OpenSubject) -> list[Transcript]:
    tempted = _ranked([row for row in rows if row.label], first, most, subject)
    plain = _ranked([row for row in rows if not row.label], first, most, subject)
    if len(tempted) < FEWEST:
        return []
    up, down = tempted[: int(len(tempted) * TAKEN)], tempted[-int(len(tempted) * TEMPTED) :]
    low = plain[len(plain) - int(len(plain) * CLEAN) :]
    return [*(replace(each, label=True) for each in up), *(replace(each, label=False) for each in [*down, *low])]


def _ranked(rows: Sequence[Transcript], first: Detector, most: int, subject: OpenSubject) -> list[Transcript]:
    """Answers to the prompts of these, highest score first, those left out that are empty or have none."""
    asked = list({str(row.messages[:-1]): row for row in rows if row.reply is not None}.values())[:most]
    answers = subject.generate([row.messages[:-1] for row in asked], SAMPLING)  # type: ignore[misc]
    made = [
        transcript_of(
            {
                "messages": [*row.messages[:-1], {"role": "assistant", "content": answer.text}],
                "family": row.family,
            }
        )
        for row, answer in zip(asked, answers, strict=True)
        if answer.text.strip()
    ]
    scored = [(one.score, at) for at, one in enumerate(score_all(first, made, subject)) if one.score is not None]
    return [made[at] for _, at in sorted(scored, reverse=True)]
