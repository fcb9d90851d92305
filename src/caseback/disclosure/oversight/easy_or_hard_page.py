"""Easy world or hard as one HTML file: every sign along its ladder, which way it points, what would change that."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]
SIDES = {"hard": "worse", "easy": "improved", "cannot tell": "cannot-tell"}
"""How what a sign points to is coloured."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 340, 170, 34, 14, 10, 138
"""Of a chart, and its box within."""


def render_easy_or_hard(data: Data) -> str:
    """The page of the report."""
    strips = {sign["name"]: strip(sign["levels"]) for sign in data["signs"]}
    return render_page("easy_or_hard.html.j2", data=data, strips=strips, sides=SIDES, reading=reading(data))


def reading(data: Data) -> tuple[str, str, str]:
    """The whole in a word, how it is coloured, and in a sentence: signs are counted, never summed to one figure. Where
    half of them or more cannot be told, neither can the whole."""
    tally, n = data["tally"], len(data["signs"])
    hard, easy, untold = tally["hard"], tally["easy"], tally["cannot tell"]
    if hard and easy:
        word, side = "Signs disagree", "mixed"
    elif 2 * untold >= n:
        word, side = "Cannot tell", "cannot-tell"
    elif hard:
        word, side = "Harder as models grow", "worse"
    else:
        word, side = "Easier as models grow", "improved"
    said = [
        f"{count} of {n} signs {'points' if count == 1 else 'point'} to {world}"
        for count, world in ((hard, "a hard world"), (easy, "an easy one"))
        if count
    ]
    said += [f"{untold} of {n} cannot be told"] if untold else []
    return word, side, "; ".join(said) + "."


def strip(levels: Sequence[Data]) -> Data | None:
    """Where to draw the levels of a sign with their intervals, over the logarithm of compute or over the gap.

    The axis is 0 to 1, or -1 to 1 where something lies below 0; None where fewer than two levels could be told.
    """
    told = [each for each in levels if each["value"] is not None]
    if len(told) < 2:
        return None
    low = -1.0 if any(each["value"] < 0 for each in told) else 0.0
    first, last = told[0]["at"], told[-1]["at"]

    def across(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (at - first) / ((last - first) or 1.0), 1)

    def up(value: float) -> float:
        return round(FOOT - (FOOT - TOP) * (min(max(value, low), 1.0) - low) / (1.0 - low), 1)

    dots = [
        {
            "x": across(each["at"]),
            "y": up(each["value"]),
            "low": None if each["low"] is None else up(each["low"]),
            "high": None if each["high"] is None else up(each["high"]),
            "name": each["name"],
            "says": f"{each['name']}: {each['value']:.2f}",
        }
        for each in told
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "foot": FOOT,
        "path": " ".join(f"{dot['x']},{dot['y']}" for dot in dots),
        "dots": dots,
        "y": [(up(value), f"{value:g}") for value in (low, (low + 1.0) / 2, 1.0)],
    }
