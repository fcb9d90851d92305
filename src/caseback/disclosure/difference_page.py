"""Differences of models, and whether a clause has taken hold, as HTML files that need nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
KINDS = {"before": "before", "after": "after", "control": "other"}
"""How charts draw what training began with, what came of it, and the control; other seeds are dashed."""
VALUES = 8
"""Singular values shown beside a matrix."""
MATRICES = 16
"""Matrices listed, those that changed most."""


def render_difference(data: Data) -> str:
    """The page of ``difference.json``. Texts are escaped, and characters that are not seen shown by their number."""
    arms = data["arms"]
    return render_page(
        "difference.html.j2",
        data=data,
        arms=arms,
        first=arms[0],
        charts=difference_charts(data),
        families=[row["family"] for row in arms[0]["divergence"]["families"]],
        divergence={arm["name"]: _rows(arm["divergence"]) for arm in arms},
        matrices=_matrices(arms),
        units=[_units(arms, at) for at in range(len(arms[0]["parts"]))],
        values=VALUES,
    )


def render_clause(clause: Data) -> str:
    """The page of one clause."""
    pages = [{**each, "charts": clause_charts(each)} for each in clause["encodings"]]
    return render_page("clause.html.j2", clause=clause, encodings=pages, kinds=KINDS)


def difference_charts(data: Data) -> list[Data]:
    """Each with its title, what it shows, and its geometry."""
    arms = data["arms"]
    middle = len(arms[0]["sites"]) // 2
    charts = [
        _chart(
            "How far activations moved",
            "Sum of the norms of the difference over that of the activations, on unrelated text, behind each block.",
            [_series(arm["name"], [_mean(at, s["relative"]) for at, s in enumerate(arm["sites"])]) for arm in arms],
            "of the norm",
        ),
        _chart(
            "How constant the difference is",
            "The share of its mean square that the mean difference accounts for, behind each block: 1 where it is the "
            "same at every token.",
            [_series(arm["name"], [_value(at, s["constant"]) for at, s in enumerate(arm["sites"])]) for arm in arms],
        ),
        _chart(
            f"Where in the text, behind block {middle}",
            "Sum of the norms of the difference over that of the activations, by position of the token.",
            [
                _series(
                    arm["name"],
                    [
                        (at, place["position"], place["relative"], None, None)
                        for at, place in enumerate(arm["sites"][middle]["positions"])
                    ],
                )
                for arm in arms
            ],
            "of the norm",
        ),
    ]
    if data["agreements"]:
        charts.append(
            _chart(
                "Is it the same change?",
                "Cosine of the mean differences of two models, behind each block; unrelated ones are at 0, give or "
                f"take {data['agreements'][0]['by_chance']:.2f}. Below 0 is drawn as 0.",
                [
                    Series(
                        f"{each['first']} and {each['second']}",
                        "other" if "control" in (each["first"], each["second"]) else "after",
                        [_value(at, value) for at, value in enumerate(each["cosines"].values())],
                    )
                    for each in data["agreements"]
                ],
            )
        )
    return charts


def clause_charts(encoding: Data) -> list[Data]:
    """The two charts of one encoding: telling apart, and moving, layer by layer."""
    arms = encoding["arms"]
    if not arms:
        return []
    apart = [_series(arm, [_mean(s["layer"], s["auroc"]) for s in each["separation"]]) for arm, each in arms.items()]
    chance = [
        Series(
            "random directions, 95 of 100 below", "alone", [_value(s["layer"], s["random"]) for s in one["separation"]]
        )
        for one in (arms.get("after") or next(iter(arms.values())),)
    ]
    text = encoding["text"]
    layers = len(apart[0].points)
    beside = [Series("text alone", "kept", [_value(at, text["value"]) for at in range(layers)])] if text else []
    charts = [
        _chart(
            "Told apart inside",
            "AUROC on held-out families of a direction fitted, in plain text, on the mean difference between train "
            "situations where the clause decides and like ones where it does not; last prompt token, each block.",
            [*apart, *beside, *chance],
        )
    ]
    moved = [
        Series(
            f"{arm}, {what}",
            kind if arm == "after" else "other" if sort == "deciding" else "alone",
            [_mean(m["layer"], m[sort]) for m in each["movement"]],
        )
        for arm, each in arms.items()
        for sort, what, kind in (
            ("deciding", "where it decides", "after"),
            ("other", "like situations", "before"),
            ("unrelated", "unrelated", "kept"),
        )
        if each["movement"] and (arm == "after" or sort != "other")
    ]
    if moved:
        charts.append(
            _chart(
                "Moved from before",
                "Norm of the difference to the model before training over the norm before, last prompt token, behind "
                "each block. Dotted: the control in unrelated situations.",
                moved,
                "of the norm",
            )
        )
    return charts


def _chart(title: str, what: str, series: Sequence[Series], unit: str = "") -> Data:
    return {"title": title, "what": what, "plot": plot(series, unit)}


def _series(arm: str, points: Sequence[Spot]) -> Series:
    return Series(arm, KINDS.get(arm, "kept"), points)


def _mean(at: int, mean: Data) -> Spot:
    return (at, str(at), mean["value"], mean["low"], mean["high"])


def _value(at: int, value: float | None) -> Spot:
    return (at, str(at), value, None, None)


def _rows(divergence: Data) -> dict[str, Data]:
    """Kinds, families and the whole by name."""
    return {row["family"]: row for row in (*divergence["families"], *divergence["kinds"], divergence["overall"])}


def _matrices(arms: Sequence[Data]) -> list[Data]:
    """The matrices that changed most in the first arm, with those of all arms."""
    by_name = {arm["name"]: {change["name"]: change for change in arm["weights"]} for arm in arms}
    listed = [change["name"] for change in arms[0]["weights"] if change["ranks"]][:MATRICES]
    return [{"name": name, "arms": {arm: found.get(name) for arm, found in by_name.items()}} for name in listed]


def _units(arms: Sequence[Data], at: int) -> Data:
    """The heads or neurons that moved most in the first arm, and where the others list them."""
    part = arms[0]["parts"][at]
    places = {
        arm["name"]: {(each["layer"], each["unit"]): each["change"] for each in arm["parts"][at]["most"]}
        for arm in arms
    }
    if part["change"] is not None:
        places = {
            arm["name"]: {
                (int(layer), unit): change
                for layer, row in arm["parts"][at]["change"].items()
                for unit, change in enumerate(row)
            }
            for arm in arms
        }
    return {
        "kind": part["kind"],
        "rows": [
            {**each, "arms": {arm: found.get((each["layer"], each["unit"])) for arm, found in places.items()}}
            for each in part["most"][:10]
        ],
        "halves": {arm["name"]: arm["halves"][at] for arm in arms},
        "parts": {arm["name"]: arm["parts"][at] for arm in arms},
    }
