"""A scored forecast as plain data, for forecast.json."""

from collections.abc import Mapping
from typing import Any

from caseback.interp.forecast.score import ForecastScores
from caseback.interp.forecast.seal import KIND, VERSION
from caseback.interp.plain_data import plain_data


def scored_data(body: Mapping[str, Any], commitment: str, draws: list[list[bool]], scores: ForecastScores) -> Any:
    """The sealed body without its predictions, what came, and the scores."""
    return {
        "kind": f"{KIND}, scored",
        "version": VERSION,
        "seal": commitment,
        **{name: body[name] for name in ("plan", "model", "digest", "sampling", "run", "settings")},
        "outcomes": draws,
        "scores": plain_data(scores),
    }
