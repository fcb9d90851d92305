"""A depth battery as one HTML file that needs nothing else: every curve, the control and the base beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot
from caseback.disclosure.wording import DEPTH_MEASURES

Data = Mapping[str, Any]
KINDS = {"trained": "after", "control": "other", "base": "before"}
"""How the card draws what was trained, its control, and what it was trained from."""


def render_depth(data: Data) -> str:
    """The page of ``depth.json``. Texts are escaped, and characters that are not seen shown by their number."""
    behaviours = [{**item, "charts": charts(item)} for item in data["behaviours"]]
    return render_page("depth.html.j2", depth=data, behaviours=behaviours, titles=DEPTH_MEASURES, kinds=KINDS)


def charts(behaviour: Data) -> list[Data]:
    """The charts of one behaviour: each with its title, what it shows, and its geometry."""
    arms = behaviour["arms"]
    told = {
        "kl": ("Mean KL(trained‖base) of the next token, in nats, along replies of the model itself.", _kl),
        "prefill": (
            "Rate, by tokens of a bad answer that the reply begins with. Dotted: those tokens alone.",
            _prefill,
        ),
        "relearning": (
            "Rate, by number of bad examples learnt (on a logarithmic scale). Dotted: right answers of the trained "
            "model.",
            _relearning,
        ),
        "rank": (
            "Rate, by the rank that the weight change is cut to; last, the whole change. Dotted: right answers of the "
            "trained model; dashed: the share of the squared change that is kept.",
            _rank,
        ),
        "drift": ("Rate, by steps on harmless data. Dotted: right answers of the trained model.", _drift),
    }
    made: list[Data] = []
    for name, (what, series) in told.items():
        drawn = [each for arm in arms if name in arm["measures"] for each in series(arm["arm"], arm["measures"][name])]
        if any(each.points for each in drawn):
            unit = "nats" if name == "kl" else ""
            made.append({"title": DEPTH_MEASURES[name], "what": what, "plot": plot(drawn, unit)})
    return made


def _kl(arm: str, found: Data) -> list[Series]:
    curve = next(c for c in found["curves"] if c["writer"] == "trained" and c["forward"])
    points: list[Spot] = [(at, str(at + 1), p["value"], p["low"], p["high"]) for at, p in enumerate(curve["positions"])]
    return [Series(arm, KINDS[arm], points)]


def _prefill(arm: str, found: Data) -> list[Series]:
    own = [Series(arm, KINDS[arm], _rates(found["points"]))]
    if arm != "trained" or not found["points"]:
        return own
    alone = [(k, str(k), rate["value"], rate["low"], rate["high"]) for k, rate in enumerate(found["alone"])]
    return [*own, Series("the beginning alone", "alone", alone)]


def _relearning(arm: str, found: Data) -> list[Series]:
    return _with_right(arm, found["points"], even=True)


def _rank(arm: str, found: Data) -> list[Series]:
    own = _with_right(arm, found["points"], even=True)
    kept = [
        (at, f"{p['x']:g}", share, None, None)
        for at, (p, share) in enumerate(zip(found["points"], found["energy"], strict=True))
    ]
    return [*own, Series("change kept", "kept", kept)] if arm == "trained" else own


def _drift(arm: str, found: Data) -> list[Series]:
    return _with_right(arm, [p for p in (found["before"], found["after"]) if p])


def _with_right(arm: str, points: Sequence[Data], even: bool = False) -> list[Series]:
    """The rate, and for the trained model the right answers too."""
    own = Series(arm, KINDS[arm], _rates(points, even=even))
    if arm != "trained" or not all(p["right"] for p in points):
        return [own]
    return [own, Series("right answers", "alone", _rates(points, "right", even))]


def _rates(points: Sequence[Data], of: str = "rate", even: bool = False) -> list[Spot]:
    """Points to draw: at their x, or evenly apart where x doubles from one to the next."""
    return [
        (place if even else p["x"], f"{p['x']:g}", p[of]["value"], p[of]["low"], p[of]["high"])
        for place, p in enumerate(points)
    ]
