"""Cards and variables found as plain data, for ``labels.json`` and its page."""

from collections.abc import Sequence
from typing import Any

from caseback.interp.labels.effect import Trial
from caseback.interp.labels.label import Label
from caseback.interp.labels.study import Card, Found, Ground
from caseback.interp.labels.variables import VARIABLES
from caseback.interp.plain_data import plain_data
from caseback.subject.open_subject import OpenSubject

KIND, VERSION = "caseback labels", 1


def labels_data(
    subject: OpenSubject, ground: Ground, found: Sequence[Found], made: Sequence[Card], trial: Trial, n: int
) -> dict[str, Any]:
    """Everything that was measured; figures that are missing null."""
    return {
        "kind": KIND,
        "version": VERSION,
        "subject": subject.name,
        "model": subject.digest,
        "site": str(ground.dictionary.reads[0]),
        "width": ground.dictionary.width,
        "world": trial.spec.name,
        "conversations": n,
        "seed": trial.seed,
        "trial": {name: getattr(trial, name) for name in ("split", "n", "controls", "dose", "confidence")},
        "variables": [
            {
                "variable": each.label.variable,
                "lexical": VARIABLES[each.label.variable].lexical,
                **_label(each.label),
                "detection": plain_data(each.detection),
                "encoded": plain_data(each.encoded),
            }
            for each in found
        ],
        "cards": [{**plain_data(card), "label": _label(card.label)} for card in made],
    }


def _label(label: Label) -> dict[str, Any]:
    claim = label.claim
    said = None if claim is None else {"behaviour": claim.behaviour, "sign": claim.sign, "says": claim.says}
    return {**plain_data(label), "claim": said}
