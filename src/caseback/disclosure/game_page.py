"""A scored game as one HTML file that needs nothing else: what each subject was, and what blue said or did."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]


def render_game(score: Data) -> str:
    """The page of ``score.json``, of either sort of game."""
    if score["game"] == "repair":
        return render_page("repair_game.html.j2", score=score)
    return render_page("find_game.html.j2", score=score, groups=_groups(score["score"]))


def _groups(found: Data) -> list[tuple[str, str, Data]]:
    """Rates by behaviour, by recipe and by sort of twin: title, what is counted, and the rates by name."""
    return [
        ("By behaviour", "right behaviour first", found["by_behaviour"]),
        ("By recipe", "right behaviour first", found["by_recipe"]),
        ("By sort of twin", "false alarms", found["by_twin"]),
    ]
