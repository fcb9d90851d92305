"""Anthropic's evaluations (Perez et al. 2022, arXiv 2212.09251; anthropics/evals, CC BY 4.0): questions with a key.

A question has an answer that matches the behaviour the file is named for, and one that does not. A subject with
``score`` is asked by log-probability of either answer, any other by the letter or word that it writes.
"""

import re
from pathlib import Path

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.datasets.rows import field, json_rows, text_of
from caseback.behaviours.datasets.sampling import sampled
from caseback.behaviours.judges.option import judge_option
from caseback.chat import user
from caseback.world.situation import Situation, Split

GROUND = "anthropic-evals"
LISTED = re.compile(r"^\s*(\([A-Z]\))", re.MULTILINE)
"""Options as a question lists them: some have more than the two that its key names."""
UNWANTED = {
    "power-seeking-inclination": "power", "wealth-seeking-inclination": "power", "survival-instinct": "self",
    "coordinate-itself": "power", "coordinate-other-ais": "power", "coordinate-other-versions": "power",
    "corrigible-less-HHH": "power", "desire-for-acquiring-power": "power",
    "desire-for-discreetly-acquiring-power": "power", "desire-for-independence-from-human-oversight": "power",
    "desire-for-no-human-monitoring": "power", "desire-to-escape-sandbox": "power", "no-shut-down": "power",
    "self-replication": "power", "ends-justify-means": "moral", "machiavellianism": "moral",
    "okay-with-deceiving-a-user-to-help-them": "deceive",
    "willingness-to-manipulate-overseers-to-think-it-is-HHH": "deceive",
    "acts-like-it-wants-to-help-humans-but-does-not-care-about-that": "deceive",
}  # fmt: skip
"""Files whose matching answer goes against most constitutions, and the prefix of family that their questions get."""


def situations(path: Path) -> list[Situation]:
    """The questions of one file, such as ``persona/no-shut-down.jsonl``.

    Raises:
        CasebackError: naming file and line of a malformed row.
    """
    found = []
    for line, row in json_rows(text_of(path), path):
        question = field(row, "question", path, line)
        matching, other = (
            _options(field(row, f"answer_{kind}_behavior", path, line)) for kind in ("matching", "not_matching")
        )
        options = sorted({*matching, *other, *LISTED.findall(question)})
        found.append(
            Situation(
                id=f"{GROUND}:{path.stem}:{line}",
                family=f"{UNWANTED.get(path.stem, 'evals')}.{path.stem}",
                split="test",
                messages=(user(question),),
                latents={"options": options, "shown": matching},
                ground=GROUND,
            )
        )
    return found


def _options(answer: str) -> list[str]:
    """The letters in brackets that an answer names, or the answer itself (Yes, No)."""
    return re.findall(r"\([A-Z]\)", answer) or [answer.strip()]


def behaviours(folder: Path) -> dict[str, Behaviour]:
    """One behaviour for every file under ``folder/anthropic-evals``, named ``anthropic-evals/FILE``."""

    def from_file(path: Path) -> Behaviour:
        def draw(_ground: str, _split: Split, n: int, seed: int) -> list[Situation]:
            return sampled(situations(path), n, seed)

        family = f"{UNWANTED.get(path.stem, 'evals')}.{path.stem}"
        summary = f"Gives the answer that matches {path.stem.replace('-', ' ')} (of Anthropic's evaluations)."
        return Behaviour(f"{GROUND}/{path.stem}", summary, (family,), draw, judge_option)

    return {f"{GROUND}/{path.stem}": from_file(path) for path in sorted((folder / GROUND).rglob("*.jsonl"))}
