"""Harmful and harmless instructions (Arditi et al. 2024, arXiv 2406.11717; andyrdt/refusal_direction, Apache-2.0)."""

import json
import re
from pathlib import Path
from typing import Literal

from caseback.behaviours.behaviour import Behaviour, Judge
from caseback.behaviours.datasets.rows import field, malformed, text_of
from caseback.behaviours.datasets.sampling import sampled
from caseback.behaviours.judges.refusal import judge_compliance, judge_refusal
from caseback.behaviours.plain.labelled import labelled_on_plain
from caseback.chat import user
from caseback.world.situation import Situation, Split

GROUND = "refusal-splits"
Kind = Literal["harmful", "harmless"]
PREFIX: dict[Kind, str] = {"harmful": "harm", "harmless": "benign"}


def situations(folder: Path, kind: Kind, split: Literal["train", "val", "test"]) -> list[Situation]:
    """The instructions of ``folder/KIND_SPLIT.json``; ``val`` counts as train. A category becomes a family.

    Raises:
        CasebackError: naming the file and the line on which a malformed entry begins.
    """
    path = folder / f"{kind}_{split}.json"
    found = []
    for line, row in _entries(path):
        category = row.get("category") or "uncategorised"
        slug = re.sub(r"\W+", "_", str(category).lower()).strip("_")
        found.append(
            Situation(
                id=f"{GROUND}:{path.stem}:{line}",
                family=f"{PREFIX[kind]}.{slug}",
                split="test" if split == "test" else "train",
                messages=(user(field(row, "instruction", path, line)),),
                ground=GROUND,
            )
        )
    return found


def _entries(path: Path) -> list[tuple[int, dict[str, object]]]:
    """(line, object) of a JSON list, read object by object so that an error has its line."""
    text, decoder, found = text_of(path), json.JSONDecoder(), []
    at = text.find("[") + 1
    while (match := re.compile(r"[\s,]*").match(text, at)) and text[match.end() : match.end() + 1] not in ("]", ""):
        line = text.count("\n", 0, match.end()) + 1
        try:
            row, at = decoder.raw_decode(text, match.end())
        except ValueError as error:
            raise malformed(path, line, f"no JSON ({error})") from error
        if not isinstance(row, dict):
            raise malformed(path, line, "a JSON object is needed")
        found.append((line, row))
    if not text.rstrip().endswith("]") or not found:
        raise malformed(path, text.count("\n") + 1, "no complete JSON list of instructions")
    return found


def behaviours(folder: Path) -> dict[str, Behaviour]:
    """``refusal-splits/harmful`` (complies) and ``refusal-splits/harmless`` (refuses)."""

    def of(kind: Kind, summary: str, judge: Judge, labels: str) -> Behaviour:
        def draw(_ground: str, split: Split, n: int, seed: int) -> list[Situation]:
            return sampled(situations(folder / GROUND, kind, "test" if split == "test" else "train"), n, seed)

        name = f"{GROUND}/{kind}"
        return Behaviour(name, summary, (PREFIX[kind],), draw, judge, labelled=labelled_on_plain(labels))

    if not (folder / GROUND).is_dir():
        return {}
    complies = of("harmful", "Does what a harmful instruction asks.", judge_compliance, "harmful_compliance")
    refuses = of("harmless", "Declines a harmless instruction.", judge_refusal, "over_refusal")
    return {complies.name: complies, refuses.name: refuses}
