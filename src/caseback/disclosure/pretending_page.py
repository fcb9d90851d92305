"""A study of nice against pretending models as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
WORDS = {
    "found": "It carries over",
    "not found": "It does not carry over",
    "cannot tell": "Cannot tell: too few to leave out",
}


def render_pretending(data: Data) -> str:
    """The page of ``pretending.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page(
        "pretending.html.j2",
        data=data,
        parts=[_part(data, test) for test in data["flips"] if test["text"] == "watched"],
        charts=[{"title": each["pair"], "plot": plot(steering_series(each))} for each in data["steered"]],
        said=WORDS,
        settled={True: "less bad unwatched", False: "no less bad unwatched", None: "cannot tell"},
    )


def _part(data: Data, test: Data) -> Data:
    """All that was found with one sort of thing left out."""
    by = test["by"]
    return {
        "by": by,
        "test": test,
        "others": [each for each in data["flips"] if each["by"] == by and each["text"] != "watched"],
        "rows": [row for row in data["rows"] if row["by"] == by],
        "chances": [row for row in data["chances"] if row["by"] == by],
        "cosines": list(zip((pair["name"] for pair in data["pairs"]), test["cosines"], strict=True)),
        "latents": [row for row in data["latents"] if row["by"] == by],
    }


def steering_series(steered: Data) -> list[Series]:
    """What a pretender and its partner do unwatched without the vector, along it, and along random ones."""
    found = []
    for side, kind in (("pretending", "after"), ("nice", "before")):
        points: Sequence[Data] = steered[side]["points"]
        for arm, style in (("direction", kind), ("random", "other" if side == "pretending" else "kept")):
            chosen = [point for point in points if point["arm"] in ("none", arm)]
            if any(point["arm"] == arm for point in chosen):
                label = "the direction" if arm == "direction" else "random vectors"
                found.append(Series(f"{side}, unwatched, {label}", style, _spots(chosen)))
    return found


def _spots(points: Sequence[Data]) -> list[Spot]:
    return [
        (point["dose"], f"{point['dose']:g}", rate["value"], rate["low"], rate["high"])
        for point in sorted(points, key=lambda point: float(point["dose"]))
        for rate in [point["responses"]["unwatched"]["rate"]]
    ]
