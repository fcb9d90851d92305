"""The table that a run ends with."""

from rich.console import Console
from rich.table import Table

from caseback.behaviours.measure import Measurement
from caseback.loop.run import Outcome
from caseback.stats.rate import Rate

COLORS = {"improved": "green", "mixed": "yellow", "worse": "red", "no change": "yellow", "cannot tell": "yellow"}
HEADINGS = {
    "before": "as it was",
    "prompted": "in view",
    "control": "control",
    "sft": "supervised",
    "dpo": "trained",
}


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Rates of every behaviour in every arm with their intervals, the verdict, and where the card is."""
    arms = {name: outcome.arms[name] for name in HEADINGS if name in outcome.arms}
    title = "how often, on held-out families: rate, 95% interval for families at large, judged of asked"
    caption = "control: trained as long, on its own answers, drawn again" if "control" in arms else None
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column("behaviour")
    for name in arms:
        table.add_column(HEADINGS[name], justify="right")
    for behaviour in next(iter(arms.values())).measurements:
        cells = ["cannot tell" if arm.unable else _cell(arm.measurements[behaviour]) for arm in arms.values()]
        table.add_row(behaviour.replace("_", " "), *cells)
    table.add_section()
    table.add_row("capability", *(_rate(arm.capability, arm.capability.n) for arm in arms.values()))
    console.print(table)
    color = COLORS[outcome.verdict.status]
    console.print(f"[bold {color}]{outcome.verdict.status}[/]: {outcome.verdict.summary}", highlight=False)
    if outcome.model:
        console.print(f"model  {outcome.model}", highlight=False, soft_wrap=True)
    console.print(f"card   {outcome.card}", highlight=False, soft_wrap=True)


def _cell(measurement: Measurement) -> str:
    """The interval that allows for families, as on the card."""
    return _rate(measurement.clustered, measurement.rate.n + sum(measurement.not_evaluated.values()))


def _rate(rate: Rate, asked: int) -> str:
    if not rate.n:
        return "cannot tell"
    return f"{rate.value:.2f}\n[dim]{rate.low:.2f}–{rate.high:.2f}\n{rate.n} of {asked}[/]"
