"""What became of each form, in lines for a terminal and the data card."""

from collections.abc import Mapping
from typing import Any


def forms_told(forms: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One or two lines a form, from the reports under ``forms`` of a run's report."""
    return [
        line
        for name, report in forms.items()
        for line in (_preferences(report) if name == "preferences" else _written(name, report))
    ]


def _written(name: str, report: Mapping[str, Any]) -> list[str]:
    why = ", ".join(f"{reason} {count}" for reason, count in report["turned_down"].items())
    own = f"; of the model's own answers to such prompts {_rate(report['own_accepted'])}"
    return [f"{name}: accepted {_rate(report['accepted'])}{own}" + (f"; turned down: {why}" if why else "")]


def _preferences(report: Mapping[str, Any]) -> list[str]:
    bias, trust = report["position_bias"], report["trust"]
    outcomes = ", ".join(f"{name} {count}" for name, count in report["outcomes"].items())
    lean = (
        f"; it leans to the first by {bias['nats']:+.2f} nats, taken off" if report["judge_gives"] == "log-odds" else ""
    )
    known = "not calibrated"
    if trust["auroc"] is not None:
        known = (
            f"of {trust['labels']} pairs with a label it decides {_rate(trust['decided'])} and is right in "
            f"{_rate(trust['right'])} of those; AUROC {trust['auroc']:.2f}"
        )
    return [
        f"preferences: {outcomes}",
        f"judge of preferences: in both orders for what stood first {_rate(bias['first'])}, for what stood second "
        f"{_rate(bias['second'])}{lean}; {known}",
    ]


def _rate(rate: Mapping[str, Any]) -> str:
    """Such as ``0.34 [0.25, 0.44], 31 of 92``."""
    if not rate["n"]:
        return "none of none"
    return f"{rate['k'] / rate['n']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}], {rate['k']} of {rate['n']}"
