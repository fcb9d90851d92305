"""A card as one HTML file that needs nothing else: no script, no request, light and dark, and it prints."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from caseback.disclosure.page_words import in_100, percent
from caseback.disclosure.spread import spread
from caseback.disclosure.wording import (
    ARM_NAMES,
    DEPTH_MEASURES,
    TASKS,
    alike,
    audited_model,
    by_reason,
    document_name,
    label,
    listed,
    run_facts,
    short,
    within,
    words,
)

VERDICTS = {
    "improved": "Improved",
    "mixed": "Mixed",
    "no change": "No change",
    "worse": "Worse",
    "cannot tell": "Cannot tell",
    "not measured": "No verdict",
}
PART_NAMES = {"sft": "answers to learn", "preferences": "preferences"}
PLAIN_CONTROLS = "\n\t"
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories of what changes how other text looks without being seen: controls, bidirectional overrides."""


def render_html(card: Mapping[str, Any]) -> str:
    """The page of a card.

    Every text in it is escaped, and characters that are not seen are shown by their number: what a model wrote cannot
    act on the page or reorder it.
    """
    return render_page("card.html.j2", card=card)


def render_page(template: str, **what: object) -> str:
    """A page from one of the templates, escaped as ``render_html`` says."""
    return _environment().get_template(template).render(**what)


def visible(text: str) -> str:
    """The text with characters that are not seen written as ⟨U+202E⟩; line ends, tabs and joined emoji stay."""
    return "".join(
        f"⟨U+{ord(sign):04X}⟩"
        if unicodedata.category(sign) in HIDDEN and sign not in PLAIN_CONTROLS and sign != "\u200d"
        else sign
        for sign in text
    )


def spark(points: Sequence[Sequence[float | None]]) -> str:
    """Points of an SVG polyline in a box 100 wide and 30 high; points without a value are left out."""
    kept = [(step, value) for step, value in points if step is not None and value is not None]
    if len(kept) < 2:
        return ""
    kept = kept[: -1 : max(1, len(kept) // 200)] + kept[-1:]
    steps, values = zip(*kept, strict=True)
    width, height = (max(steps) - min(steps)) or 1, (max(values) - min(values)) or 1
    spots = ((100 * (s - min(steps)) / width, 28 - 26 * (v - min(values)) / height) for s, v in kept)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def clock(seconds: float) -> str:
    """A duration in words."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def numbered(records: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The number of each record: on paper it stands where a link would be."""
    return {entry["record"]: entry["number"] for entry in records}


def by_arm(measurements: Sequence[Mapping[str, Any]], arm: str | None) -> Mapping[str, Any] | None:
    """The measurement of one arm."""
    return next((entry for entry in measurements if entry["arm"] == arm), None)


def widest(measurement: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The rate whose interval is shown first: the one that allows for families where there is one."""
    return None if measurement is None else measurement.get("clustered") or measurement.get("rate")


def _finalise(value: object) -> object:
    if value is None:
        return "–"
    return value if isinstance(value, Markup) else visible(str(value))


@cache
def _environment() -> Environment:
    return environment_of(PackageLoader("caseback.disclosure", "templates"))


def environment_of(loader: BaseLoader) -> Environment:
    """Templates from ``loader``, escaped, with the filters and words that all pages share."""
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "in_100": in_100,
        "words": words,
        "clock": clock,
        "spark": spark,
        "within": within,
        "widest": widest,
        "label": label,
        "listed": listed,
        "alike": alike,
        "by_reason": by_reason,
        "run_facts": run_facts,
        "short": short,
        "spread": spread,
        "numbered": numbered,
        "document_name": document_name,
    }
    environment.globals |= {
        "arm_names": ARM_NAMES,
        "audited_model": audited_model,
        "depth_measures": DEPTH_MEASURES,
        "tasks": TASKS,
        "part_names": PART_NAMES,
        "verdicts": VERDICTS,
        "by_arm": by_arm,
    }
    return environment
