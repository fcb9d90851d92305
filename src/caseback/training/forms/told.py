"""What became of each form, in lines for a terminal and the data card."""

from collections.abc import Mapping
from typing import Any


def forms_told(forms: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One or two lines a form, from the reports under ``forms`` of a run's report."""
    return [line for name, report in forms.items() for line in _preferences(report)]


def _preferences(report: Mapping[str, Any]) -> list[str]:
    bias, trust = report["position_bias"], report["trust"]
    outcomes = ", ".join(f"{name} {count}" for name, count in report["outcomes"].items())
    lean = f", {bias['nats']:+.2f} nats, taken off" if report["judge_gives"] == "log-odds" else ""
    named = (
        f"of {bias['first']['n']} pairs with a choice in both orders the judge named what stood first both times in "
        f"{_rate(bias['first'])}, what stood second in {_rate(bias['second'])}{lean}"
    )
    known = (
        f"right in {_rate(trust['right'])} of the labelled pairs that it decides, which are {_rate(trust['decided'])}; "
        f"AUROC {trust['auroc']:.2f}"
        if trust["auroc"] is not None
        else "not calibrated"
    )
    return [f"preferences: {outcomes}", f"judge of preferences: {named}; {known}"]


def _rate(rate: Mapping[str, Any]) -> str:
    """Such as ``0.34 [0.25, 0.44], 31 of 92``."""
    if not rate["n"]:
        return "none of none"
    return f"{rate['k'] / rate['n']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}], {rate['k']} of {rate['n']}"
