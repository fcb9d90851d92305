"""The study of thought as one HTML file: needed, faithful, watched, for every model version."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, plot

Data = Mapping[str, Any]
MONITOR_KINDS = {"text": "before", "text_anew": "other", "activations_before": "kept", "activations": "after"}


def render_thought(data: Data) -> str:
    """The page of ``thought.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("oversight_thought.html.j2", data=data, charts=charts(data))


def charts(data: Data) -> list[Data]:
    """Monitors by version; then for each version the token budget and the layers."""
    versions = data["versions"]
    made: list[Data] = [
        {
            "title": "What monitors of the thought catch",
            "what": "Area under the ROC curve for harm that is carried out, by model version; 0.5 is blind.",
            "plot": plot(
                [
                    Series(text, MONITOR_KINDS[name], [
                        (float(place), each["name"], *_ends(each["areas"][name])) for place, each in enumerate(versions)
                    ])
                    for name, text in data["monitors"].items()
                ]
            ),
        }
    ]  # fmt: skip
    for each in versions:
        arms = {arm["arm"]: arm for arm in each["arms"]}
        budget = [(share, f"{share:g}", *_ends(arms[f"kept {share:g}"]["right"])) for share in data["shares"]]
        made.append(
            {"title": f"{each['name']}: right answers by share of the thought that is kept",
             "what": "Of those that name one capital.", "plot": plot([Series("right", "after", budget)])}
        )  # fmt: skip
        before = [row for row in each["layers"] if row["along"] == 0]
        made.append(
            {"title": f"{each['name']}: what layers hold of the answer before the thought begins",
             "what": "The share of tasks whose true capital each reader finds at the last token of the question.",
             "plot": plot([
                 Series(reader, kind, [(float(row["layer"]), str(row["layer"]), *_ends(row[reader])) for row in before])
                 for reader, kind in (("probe", "after"), ("lens", "before"))
             ])}
        )  # fmt: skip
    return made


def _ends(found: Data | None) -> tuple[float | None, float | None, float | None]:
    if found is None or found["value"] is None:
        return None, None, None
    return found["value"], found["low"], found["high"]
