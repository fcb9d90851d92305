"""Reading depth.json again."""

import json
from pathlib import Path

from caseback.errors import CasebackError

KIND, VERSION = "caseback depth", 1
"""At the head of the file."""


def read_scores(path: Path, behaviour: str) -> dict[str, float | None]:
    """The trained model's score by measure, from a depth.json.

    Raises:
        CasebackError: where the file is not one, or lacks the behaviour.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["kind"] != KIND or data["version"] != VERSION:
            raise ValueError("another kind or version")
        arms = {item["behaviour"]: item["arms"] for item in data["behaviours"]}
        scores = {
            name: {measure: _number(score["value"]) for measure, score in arm["scores"].items()}
            for name, each in arms.items()
            for arm in each
            if arm["arm"] == "trained"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CasebackError(
            f"{path}: no depth battery to read ({type(error).__name__}: {error}); give the depth.json that "
            "`caseback character depth` wrote"
        ) from error
    if behaviour not in scores:
        raise CasebackError(f"{path}: nothing on {behaviour}; it has {', '.join(scores) or 'no behaviour'}")
    return scores[behaviour]


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"a score is {value!r}")
    return float(value)
