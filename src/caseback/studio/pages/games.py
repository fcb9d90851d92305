"""Sealed games: what was played for, who played, and how it ended."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.page import Names, Page, as_written, places_of, told

Data = Mapping[str, Any]


def games(desk: Desk, parts: Names, query: Names) -> Data:
    """Every game; those that are over with their score."""
    return {"games": told(search(desk.folder), "games", _line)}


@as_written
def game(desk: Desk, parts: Names, query: Names) -> Data:
    """One game, with every subject once it is over. Before, nothing is known of them here either."""
    key = parts["key"]
    path = search(desk.folder).one("games", key)
    about = read_json(path)
    scored = path.with_name("score.json")
    score = read_json(scored) if scored.is_file() else None
    return {
        "key": key,
        **{name: about[name] for name in ("game", "ground", "base_digest", "access", "budget", "commitment")},
        "subjects": len(about["subjects"]),
        "score": score,
        "document": f"/documents/scores/{key}" if score else None,
    }


def _line(key: str, path: Path) -> dict[str, Any]:
    scored = path.with_name("score.json")
    about = read_json(path)
    score = read_json(scored) if scored.is_file() else None
    found = score["score"] if score and score["game"] == "find" else None
    return {
        "game": about["game"],
        "access": about["access"],
        "ground": about["ground"],
        "subjects": len(about["subjects"]),
        "over": score is not None,
        "by": score["by"] if score else None,
        "first": found["first"] if found else None,
        "false_alarms": found["false_alarms"] if found else None,
        "brier": found["brier"] if found else None,
        "repaired": _repaired(score["score"]) if score and score["game"] == "repair" else None,
    }


def _repaired(score: Data) -> Data:
    """Of a repair game, the planted behaviour before and after, over all organisms."""
    return {what: {name: each[name] for name in ("before", "after")} for what, each in score["on_organisms"].items()}


PAGES = (
    Page("/games", "games", "games.html.j2", games),
    Page("/games/{key:path}", "games", "game_of.html.j2", game, places_of("games")),
)
