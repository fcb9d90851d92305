"""Labels of latents as one HTML file that needs nothing else: a card each, with its examples token by token."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]
SORTS = {"highest": "Highest", "random": "Active, at random", "near": "Near misses: much alike, and silent"}
FINDINGS = {
    "as claimed": "moves behaviour as claimed",
    "reversed": "REVERSED: intervention contradicts the label",
    "contradictory": "one intervention agrees with the claim, the other contradicts it",
    "no effect": "claimed, but no effect was found",
    "no claim": "claims nothing about behaviour",
}


def render_labels(data: Data) -> str:
    """The page of ``labels.json``. Texts are escaped, and characters that are not seen shown by their number."""
    cards = [
        {
            **card,
            "says": FINDINGS[card["finding"]],
            "sorts": [
                (title, [_lines(example, _peak(card)) for example in card["examples"][sort]])
                for sort, title in SORTS.items()
            ],
        }
        for card in data["cards"]
    ]
    return render_page(
        "labels.html.j2",
        labels=data,
        cards=cards,
        found=sum(row["detection"]["f1"]["value"] is not None and row["detection"]["f1"]["value"] >= 0.9
                  for row in data["variables"]),
        reversed=sum(card["finding"] == "reversed" for card in cards),
    )  # fmt: skip


def _peak(card: Data) -> float:
    """The highest activation shown on a card: the darkest of its colours."""
    return max((value for shown in card["examples"].values() for e in shown for value in e["values"]), default=0.0) or 1


def _lines(example: Data, peak: float) -> Data:
    """An example's tokens, each with how dark it is, from 0 to 9, and its activation in words."""
    return {
        "conversation": example["conversation"],
        "tokens": [
            {
                "text": text,
                "heat": min(9, round(9 * value / peak + 0.5)) if value > 0 else 0,
                "value": value,
                "at": place == example["at"],
            }
            for place, (text, value) in enumerate(zip(example["tokens"], example["values"], strict=True))
        ],
    }
