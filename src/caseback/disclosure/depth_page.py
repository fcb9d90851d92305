"""A depth battery as one HTML file that needs nothing else: every curve, the control and the base beside it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from caseback.disclosure.page import visible
from caseback.disclosure.plot import Series, plot

Data = Mapping[str, Any]
KINDS = {"trained": "after", "control": "other", "base": "before"}
"""How the card draws what was trained, its control, and what it was trained from."""
TITLES = {
    "kl": "Divergence by position",
    "prefill": "Replies begun badly",
    "relearning": "Learning it again",
    "rank": "The weight change cut down",
    "drift": "Tuned on harmless data",
    "formats": "Other formats",
}


def render_depth(data: Data) -> str:
    """The page of ``depth.json``. Texts are escaped, and characters that are not seen shown by their number."""
    behaviours = [{**item, "charts": charts(item)} for item in data["behaviours"]]
    page = _environment().get_template("depth.html.j2")
    return page.render(depth=data, behaviours=behaviours, titles=TITLES, kinds=KINDS)


def charts(behaviour: Data) -> list[Data]:
    """The charts of one behaviour: each with its title, what it shows, and its geometry."""
    arms = behaviour["arms"]
    told = {
        "kl": ("Mean KL(trained‖base) of the next token, in nats, along replies of the model itself.", _kl),
        "prefill": (
            "Rate, by tokens of a bad answer that the reply begins with. Dotted: those tokens alone.",
            _prefill,
        ),
        "relearning": ("Rate, by number of bad examples learnt (on a logarithmic scale).", _relearning),
        "rank": ("Rate, by the rank that the weight change is cut to; last, the whole change.", _rank),
        "drift": ("Rate, by steps on harmless data.", _drift),
    }
    made: list[Data] = []
    for name, (what, series) in told.items():
        drawn = [each for arm in arms if name in arm["measures"] for each in series(arm["arm"], arm["measures"][name])]
        if any(each.points for each in drawn):
            unit = "nats" if name == "kl" else ""
            made.append({"title": TITLES[name], "what": what, "plot": plot(drawn, unit)})
    return made


def _kl(arm: str, found: Data) -> list[Series]:
    curve = next(c for c in found["curves"] if c["writer"] == "trained" and c["forward"])
    points = [(at, str(at + 1), p["value"], p["low"], p["high"]) for at, p in enumerate(curve["positions"])]
    return [Series(arm, KINDS[arm], points)]


def _prefill(arm: str, found: Data) -> list[Series]:
    own = [Series(arm, KINDS[arm], _rates(found["points"]))]
    if arm != "trained" or not found["points"]:
        return own
    alone = [(k, str(k), rate["value"], rate["low"], rate["high"]) for k, rate in enumerate(found["alone"])]
    return [*own, Series("the beginning alone", "alone", alone)]


def _relearning(arm: str, found: Data) -> list[Series]:
    return [Series(arm, KINDS[arm], _rates(found["points"], even=True))]


def _rank(arm: str, found: Data) -> list[Series]:
    return [Series(arm, KINDS[arm], _rates(found["points"], even=True))]


def _drift(arm: str, found: Data) -> list[Series]:
    return [Series(arm, KINDS[arm], _rates([p for p in (found["before"], found["after"]) if p]))]


def _rates(points: Sequence[Data], even: bool = False) -> list[tuple[float, str, float | None, float, float]]:
    """Points to draw: at their x, or evenly apart where x doubles from one to the next."""
    return [
        (place if even else p["x"], f"{p['x']:g}", p["rate"]["value"], p["rate"]["low"], p["rate"]["high"])
        for place, p in enumerate(points)
    ]


def _finalise(value: object) -> object:
    if value is None:
        return "–"
    return value if hasattr(value, "__html__") else visible(str(value))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("caseback.disclosure", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
