"""``caseback look label``: what the latents of a dictionary mean, tested by intervening."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from caseback.cli.models import located
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from collections.abc import Sequence

    from caseback.interp.labels.effect import Effect
    from caseback.interp.labels.study import Card, Found


def label(
    model: Annotated[str, typer.Argument(help="Model folder or hub id; [cyan]ref-base[/] for the embedded one.")],
    dictionary: Annotated[Path, typer.Argument(help="Folder of a dictionary, from `caseback look fit`.")],
    latent: Annotated[
        list[int] | None,
        typer.Option(help="Which latent; repeat it.", show_default="the best one for each variable of the world"),
    ] = None,
    described_by: Annotated[
        str,
        typer.Option(
            help="A model that describes them, https://host/v1#model or a folder.", show_default="the world's variables"
        ),
    ] = "",
    world: Annotated[str, typer.Option(help="A or B: whose conversations.")] = "A",
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Conversations of each kind, in each half.")] = 40,
    situations: Annotated[int, typer.Option(min=2, help="Situations of each side of an intervention.")] = 24,
    controls: Annotated[int, typer.Option(min=3, help="Random decoder directions of equal length beside each.")] = 8,
    dose: Annotated[float, typer.Option(help="Upward, in typical activations of the latent.")] = 2.0,
    examples: Annotated[int, typer.Option(min=1, help="Examples of each sort on a card.")] = 8,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16.", show_default="float32")] = None,
    out: Annotated[Path, typer.Option(help="Folder for labels.json, labels.html and the conversations.")] = Path(
        "labels"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print labels.json instead of a table.")] = False,
) -> None:
    """Say what latents mean, and test it: on unseen text, and by intervening upward and downward.

    Every latent gets a card: its highest, random and near-miss examples, a description, and three scores. A
    description claims what raising the latent does to behaviour; where intervention shows the opposite, the label is
    marked [bold]reversed[/]. Labels are chosen on some families of conversations and measured on others.

    Stopped, the same command goes on with the conversations that it has captured.

    Examples:

      caseback look label ref-base dictionary

      caseback look label ref-base dictionary --latent 512 --latent 77 --described-by https://host/v1#some-model
    """
    from caseback.cli.bar import bar
    from caseback.disclosure.labels_page import render_labels
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.dictionary.files import load as load_dictionary
    from caseback.interp.labels.effect import Trial
    from caseback.interp.labels.record import labels_data
    from caseback.interp.labels.study import cards, check_fits, ground, variables_found
    from caseback.subject.load import load
    from caseback.subject.resolve import resolve
    from caseback.world.worlds import world as world_named

    if not (dose == dose and abs(dose) < float("inf") and dose > 0):
        raise CasebackError(f"--dose is {dose}: give a number above 0, such as 2")
    spec = world_named(world)
    opened = load_dictionary(dictionary)
    # Effects are differences of log-probabilities, some of them small: float32 whatever the weights are stored in.
    subject = load(located(model), dtype=dtype or "float32")
    check_fits(opened, subject, latent or [])
    teller = resolve(located(described_by)) if described_by else None
    trial = Trial(spec, n=situations, controls=controls, dose=dose, seed=seed)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    doing = [""]
    with bar("labels", lambda: doing[0]) as tick:

        def tell(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        made = ground(subject, opened, spec, n, seed, out / f"conversations-{world}-{n}-{seed}", tell)
        tell("variables", 0, 1)
        found = variables_found(made)
        shown = cards(subject, made, trial, latents=latent or [], teller=teller, n_examples=examples, tell=tell)
    data = labels_data(subject, made, found, shown, trial, n)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "labels.json", text + "\n")
    write_text(out / "labels.html", render_labels(data))
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False), found, shown)
    typer.echo(f"page  {out / 'labels.html'}")


def _show(console: Console, found: "Sequence[Found]", cards: "Sequence[Card]") -> None:
    table = Table("latent", "label", "detection", "up", "down", "finding", box=None, header_style="bold")
    for card in cards:
        finding = f"[bold red]{card.finding}[/]" if card.finding == "reversed" else card.finding
        score = card.detection.balanced
        table.add_row(
            str(card.label.latent),
            escape(card.label.says),
            _share(score),
            _effect(card.up),
            _effect(card.down),
            finding,
        )
    console.print(table)
    told = [each for each in found if each.detection.f1.value >= 0.9]
    ciphered = [each for each in found if "rot13" in each.encoded and each.encoded["rot13"].f1.value >= 0.9]
    console.print(
        f"{len(told)} of {len(found)} latent variables of the world are told at F1 0.9 or more on unseen "
        f"conversations, {len(ciphered)} in rot13",
        soft_wrap=True,
    )


def _share(found: Any) -> str:
    return "cannot tell" if found.value != found.value else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _effect(found: "Effect | None") -> str:
    if found is None:
        return ""
    mark = {"as claimed": "+", "against": "!", "neither": ""}[found.towards]
    return f"{found.change.value:+.3f} {mark}".rstrip()
