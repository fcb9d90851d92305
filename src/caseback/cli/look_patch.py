"""``caseback look patch``: what carries the difference between two prompts."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from caseback.cli.look_prompt import Begun, Model, Raw, Thinking, first_token, ids_of, load_in_float32, slug_of

if TYPE_CHECKING:
    from caseback.interp.circuit.patching import Patching

SHOWN = 12
"""Places in the table on the terminal."""
NAMES = {"resid_pre": "stream into block", "attn_out": "attention of block", "mlp_out": "MLP of block"}
WHOLE = {"attn_out": "attention, MLPs held", "mlp_out": "MLPs, attention free"}


def patch(
    model: Model,
    prompt: Annotated[str, typer.Argument(help="What the user says; with --raw the text as it stands.")],
    other: Annotated[str, typer.Argument(help="The same but for one thing, and answered otherwise.")],
    begun: Begun = "",
    raw: Raw = False,
    thinking: Thinking = False,
    answer: Annotated[
        str | None, typer.Option(help="What answers the first prompt; default: what it goes on with.")
    ] = None,
    other_answer: Annotated[
        str | None, typer.Option(help="What answers the other one; default: what that goes on with.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the JSON and the page.")] = Path("patching"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON instead of tables.")] = False,
) -> None:
    """Show where the difference between two prompts sits, and whether attention or MLPs carry it to the answer.

    Activations of the other prompt are put into the first, one token and block, one attention head, and all attention
    or all MLPs at a time; each time the answer is read. Needs no transcoders. Try it before you look for latents in an
    attribution graph: for what attention carries while the MLPs are held as they were, no latent of an MLP stands.

    Example: [cyan]caseback look patch ref-base "Name the capital of the state where Dallas lies."
    "Name the capital of the state where Fresno lies."[/]
    """
    from caseback.cli.bar import bar
    from caseback.disclosure.patching_page import render_patching
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.circuit.patching import patch_prompts, patching_data

    subject = load_in_float32(model, thinking)
    ids, theirs = (ids_of(subject, text, begun, raw) for text in (prompt, other))
    said = [
        None if text is None else first_token(subject, at, text) for at, text in ((ids, answer), (theirs, other_answer))
    ]
    with bar("patching") as tick:
        found = patch_prompts(subject.model, ids, theirs, (said[0], said[1]), progress=tick)
    data = {"model": Path(subject.name).name, "digest": subject.digest} | patching_data(
        found, lambda token: str(subject.tokenizer.decode([token]))
    )
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    folder = out / slug_of(prompt)
    with writing(folder):
        folder.mkdir(exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    write_text(folder / "patching.json", text + "\n")
    write_text(folder / "patching.html", render_patching(data))
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False, soft_wrap=True), found, data, folder / "patching.html")


def _show(console: Console, found: "Patching", data: dict[str, Any], page: Path) -> None:
    first, second = (repr(data[name]) for name in ("answer", "other_answer"))
    console.print(
        f"{first} over {second} by {found.gap:.1f} logits, and by {found.other_gap:.1f} in the other prompt",
        markup=False,
    )
    table = Table("all blocks at once", "moved", "answer", box=None, header_style="bold")
    for kind, each in found.whole.items():
        table.add_row(WHOLE[kind], f"{each.moved:+.2f}", escape(second if each.turned else first))
    console.print(table)
    tokens = [escape(repr(token)) for token in data["tokens"][found.first :]]
    places = [
        (each.moved, f"{NAMES[kind]} {layer}", tokens[at])
        for kind, layers in found.cells.items()
        for layer, cells in enumerate(layers)
        for at, each in enumerate(cells)
    ]
    places += [
        (each.moved, f"head {layer}.{number}", "all of them")
        for layer, heads in enumerate(found.heads)
        for number, each in enumerate(heads)
    ]
    table = Table("alone, most first", "token", "moved", box=None, header_style="bold")
    for moved, where, token in sorted(places, key=lambda place: -abs(place[0]))[:SHOWN]:
        table.add_row(where, token, f"{moved:+.2f}")
    console.print(table)
    console.print(f"moved: from 0, as in the prompt, to 1, as in the other. {page}")
