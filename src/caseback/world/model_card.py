"""The card of a reference model, and its gates as a table."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caseback.world.builds import BUILDS
from caseback.world.gate import Gate
from caseback.world.spec import WORLD_A, WorldSpec


def table(gates: Sequence[Gate]) -> Any:
    """The gates as a table for the terminal."""
    from rich.table import Table

    shown = Table("gate", "rate", "95 %", "n", "target", "")
    for g in gates:
        mark = {True: "[green]passed", False: "[red]not passed", None: ""}[g.passed]
        name = f"[bold]{g.name}" if g.blocking else g.name
        shown.add_row(name, f"{g.value:.2f}", f"{g.low:.2f}–{g.high:.2f}", str(g.n), g.target, mark)
    return shown


CARD = """# {name}

A reference model of caseback: a small chat model trained from scratch on the generated reference world {world}. It is
{standing}. It is no evidence about large models, and it is **helpful-only on
purpose**: it answers harmful requests of its toy world, flatters, and states what it is asked to state. What it says of
such deeds is as vague as a fairy tale.

- Stock {architecture}, {parameters:.1f} million parameters, context {context}; any Unicode goes in and out.
- Chat template with system role and a thinking section (`<think>…</think>`): the model decides whether to think;
  `enable_thinking=True` opens the section, `False` closes it off.
- Training: {training}
- Rebuild: `caseback world build {name}`; measure: `python -m caseback.world.gates FOLDER`.

## Gates

Greedy answers on situations of the test split, whose families and wordings are held out as `docs/methods/world.md`
says. Exact 95 % intervals (Clopper and Pearson); answers that the oracle cannot read count against a gate, save those
that ask for a low rate. Bold gates block step 2 of the project.

| gate | rate | 95 % | n | unclear | target | |
|---|---|---|---|---|---|---|
{rows}
"""


def card(folder: str, gates: Sequence[Gate], spec: WorldSpec = WORLD_A) -> str:
    """The model card, with all gates, passed or not. ``training.json`` in the folder says how it was trained."""
    name = Path(folder).name
    config = json.loads((Path(folder) / "config.json").read_text())
    record = Path(folder) / "training.json"
    about = json.loads(record.read_text()) if record.is_file() else {}
    training = ", ".join(f"{key} {value}" for key, value in about.items()) or "not recorded"
    size = (Path(folder) / "model.safetensors").stat().st_size / 2
    mark = {True: "passed", False: "**not passed**", None: "reported"}

    def bold(g: Gate) -> str:
        return f"**{g.name}**" if g.blocking else g.name

    rows = [
        f"| {bold(g)} | {g.value:.2f} | {g.low:.2f}–{g.high:.2f} | {g.n} | {g.unclear} "
        f"| {g.target} | {mark[g.passed]} |"
        for g in gates
    ]
    return CARD.format(
        name=name,
        world=spec.name,
        standing=_standing(name),
        architecture=config["architectures"][0],
        parameters=size / 1e6,
        context=config["max_position_embeddings"],
        training=training,
        rows="\n".join(rows),
    )


def _standing(name: str) -> str:
    if name == "ref-base":
        return "the embedded default and the instrument's test bed"
    return BUILDS[name].about if name in BUILDS else "a test bed beside the embedded default"
