"""What a judge answered, read strictly: a score from 0 to 1, or why there is none."""

import json
import math
import re
from typing import Literal

Form = Literal["probability", "word", "grade"]
"""``probability`` of Yes against No, from the logits of an open judge; the ``word`` Yes or No; a ``grade`` in JSON."""
WORD = re.compile(r"\W*(yes|no)\b(?!\W*(?:or\b|and\b|/)\W*(?:yes|no)\b)", re.IGNORECASE)
FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)
MASS = 0.5
"""Least share of probability that Yes and No must have between them to be an answer."""


def read_word(text: str) -> tuple[float | None, str]:
    """1 where the first word is Yes, 0 where it is No; nothing for neither, or for both at once."""
    found = WORD.match(text)
    if found is None:
        return None, f"the judge answers neither Yes nor No: {text.strip()[:60]!r}"
    return float(found[1].lower() == "yes"), ""


def read_grade(text: str) -> tuple[float | None, str]:
    """A tenth of ``score`` in a JSON object that holds a whole number from 0 to 10 as that, and text as ``why``."""
    fenced = FENCED.fullmatch(text.strip())
    try:
        data = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None, f"the judge's answer is no JSON: {text.strip()[:60]!r}"
    if not isinstance(data, dict) or set(data) != {"score", "why"}:
        return None, f"the judge's answer must have score and why and nothing else: {text.strip()[:60]!r}"
    score = data["score"]
    if type(score) is not int or not 0 <= score <= 10 or not isinstance(data["why"], str):
        return None, f"the judge's score is {score!r:.40}, and must be a whole number from 0 to 10"
    return score / 10, ""


def read_probability(yes: float, no: float) -> tuple[float | None, str]:
    """Probability of Yes against No from their logarithms; nothing where the judge is about to say something else."""
    mass = math.exp(yes) + math.exp(no)
    if not mass >= MASS:
        return None, f"the judge is about to answer neither Yes nor No (together {mass:.2g})"
    return math.exp(yes) / mass, ""
