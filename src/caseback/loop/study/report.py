"""The study as plain data and as a table: what every figure of its page and of the claims is read from."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.variants import Variant
from caseback.loop.study.compare import bakes, contrasts, rate
from caseback.loop.study.study import Studied
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate, exact_rate

HEADINGS: Mapping[Variant, str] = {
    "reasons": "with reasons",
    "rules": "more rules instead",
    "paraphrase": "said again instead",
    "sentence": "one sentence",
    "none": "nothing",
}


def report(studied: Studied) -> dict[str, Any]:
    """Rates by telling and behaviour, contrasts, bake ratios, costs and lengths; see ``docs/methods/study.md``."""
    scheme = studied.scheme
    arms = {variant: [studied.trained[variant, seed] for seed in scheme.seeds] for variant in scheme.variants}
    names = [*studied.open, *scheme.demonstrated, OVER_REFUSAL.name]
    capability = {
        variant: exact_rate(sum(sum(arm.right) for arm in found), sum(len(arm.right) for arm in found))
        for variant, found in arms.items()
    }
    return {
        "route": scheme.route,
        "seeds": list(scheme.seeds),
        "demonstrated": list(scheme.demonstrated),
        "open": list(studied.open),
        "tokens": dict(studied.lengths),
        "before": {name: _rate(rate([studied.before], name)) for name in names},
        "told": {v: {name: _rate(rate([arm], name)) for name in names} for v, arm in studied.prompted.items()},
        "trained": {v: {name: _rate(rate(found, name)) for name in names} for v, found in arms.items()},
        "capability": {"before": _rate(studied.before.capability), **{v: _rate(r) for v, r in capability.items()}},
        "contrasts": [
            {"first": c.first, "second": c.second, "where": c.where, **_difference(c.difference)}
            for c in contrasts(studied)
        ],
        "bake": [{**asdict(b), "told": _rate(b.told), "untold": _rate(b.untold)} for b in bakes(studied)],
        "say_do": [
            {"variant": variant, "seed": seed, **_difference(found)}
            for (variant, seed), found in studied.say_do.items()
        ],
    }


def print_report(console: Console, found: Mapping[str, Any]) -> None:
    """How often models of each telling go against the document, then the contrasts on open behaviours."""
    variants = list(found["trained"])
    table = Table(
        title=f"how often models taught each telling go against the document, {len(found['seeds'])} seeds",
        title_justify="left",
        caption="open: no demonstration showed how to act",
        caption_justify="left",
    )
    table.add_column("behaviour")
    table.add_column("as it was", justify="right")
    for variant in variants:
        table.add_column(HEADINGS[variant], justify="right")
    for name in [*found["open"], *found["demonstrated"], OVER_REFUSAL.name]:
        label = name.replace("_", " ") + (" (open)" if name in found["open"] else "")
        table.add_row(label, _cell(found["before"][name]), *(_cell(found["trained"][v][name]) for v in variants))
    table.add_section()
    table.add_row(
        "capability", _cell(found["capability"]["before"]), *(_cell(found["capability"][v]) for v in variants)
    )
    console.print(table)
    for c in found["contrasts"]:
        if c["where"] == "open" and c["n"]:
            said = f"{HEADINGS[c['first']]} less {HEADINGS[c['second']]}, open behaviours"
            console.print(f"{said}: {c['value']:+.3f} [{c['low']:+.3f}, {c['high']:+.3f}], n {c['n']}", highlight=False)


def _rate(found: Rate) -> dict[str, Any]:
    return {**asdict(found), "value": found.value if found.n else None}


def _difference(found: PairedDifference) -> dict[str, Any]:
    value = found.value if found.n else None
    return {"value": value, "low": found.low, "high": found.high, "n": found.n, "p": found.p}


def _cell(found: Mapping[str, Any]) -> str:
    if not found["n"]:
        return "cannot tell"
    return f"{found['value']:.2f}\n[dim]{found['low']:.2f}–{found['high']:.2f}[/]"
