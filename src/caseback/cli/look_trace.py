"""``caseback look trace``: the attribution graph of a prompt; ``caseback look transcoders``: what it is traced with."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.look_prompt import Begun, Model, Raw, Thinking, first_token, ids_of, load_in_float32, slug_of

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.circuit.graph import Graph
    from caseback.interp.dictionary.fit import Progress

FOLDER = Path("transcoders")


def trace(
    model: Model,
    prompt: Annotated[str, typer.Argument(help="What the user says; with --raw the text as it stands.")],
    transcoders: Annotated[
        Path, typer.Option(help="Folder of `caseback look transcoders`.", metavar="FOLDER")
    ] = FOLDER,
    begun: Begun = "",
    raw: Raw = False,
    thinking: Thinking = False,
    target: Annotated[
        list[str] | None, typer.Option(help="Explain the logit of this text's first token. May be given again.")
    ] = None,
    max_latents: Annotated[int, typer.Option(min=0, help="Most latents whose inputs are computed.")] = 4_096,
    edges: Annotated[int, typer.Option(min=1, help="Edges kept into one node.")] = 256,
    nodes_share: Annotated[float, typer.Option(min=0, max=1, help="Share of influence of the nodes shown.")] = 0.8,
    edges_share: Annotated[float, typer.Option(min=0, max=1, help="Share of influence of the edges shown.")] = 0.98,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the graph's JSON and page.")] = Path("circuits"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the graph's JSON instead of a table.")] = False,
) -> None:
    """Show what the next token of a reply is made of: tokens, latents and errors, and the edges between them.

    Writes NAME.json, which the viewers of circuit-tracer and Neuronpedia read, and NAME.html, a page of its own.

    Example: [cyan]caseback look trace ref-base "Which state is Dallas in?"[/]
    """
    from caseback.cli.bar import bar
    from caseback.disclosure.circuit_page import render_circuit
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.circuit.graph_json import graph_json
    from caseback.interp.circuit.influence import prune
    from caseback.interp.circuit.promoted import latents_of, promoted
    from caseback.interp.circuit.trace import trace as traced
    from caseback.interp.circuit.transcoders import load_transcoders

    subject = load_in_float32(model, thinking)
    found = load_transcoders(transcoders, subject)
    ids = ids_of(subject, prompt, begun, raw)
    targets = None if target is None else [first_token(subject, ids, text) for text in target]
    with bar("tracing latents") as tick:
        graph = traced(
            subject.model, ids, found, targets=targets, max_latents=max_latents, edges_per_node=edges, progress=tick
        )
    pruned = prune(graph, nodes_share, edges_share)
    spell = subject.tokenizer.decode
    at = graph.of_kind(3)
    data = graph_json(
        graph,
        pruned,
        [spell([token]) for token in ids],
        slug=slug_of(prompt),
        scan=Path(subject.name).name,
        prompt=spell(ids),
        spell={token: spell([token]) for token in graph.index_N[at].tolist()},
        labels=promoted(subject.model, found, latents_of(graph), lambda token: spell([token])),
        node_share=nodes_share,
        edge_share=edges_share,
        about={"model": subject.digest, "transcoders": str(transcoders)},
    )
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    page = out / f"{slug_of(prompt)}.html"
    write_text(page.with_suffix(".json"), json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")
    write_text(page, render_circuit(data))
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False))
        return
    _show(Console(highlight=False, soft_wrap=True), data, graph, page)


def transcoders(
    model: Model,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for them; the same one goes on where it was.")
    ] = FOLDER,
    data: Annotated[
        Path | None, typer.Option(help="Texts or chats to capture on; default: the reference world's conversations.")
    ] = None,
    width: Annotated[int, typer.Option(min=1, help="Latents of each.")] = 4_096,
    k: Annotated[int, typer.Option("-k", min=1, help="Active latents at a token.")] = 32,
    cross_layer: Annotated[
        bool,
        typer.Option("--cross-layer/--per-layer", help="Latents that write the outputs of all later blocks' MLPs too."),
    ] = False,
    kind: Annotated[str, typer.Option(help="topk, batchtopk or, per layer, jumprelu.")] = "topk",
    skip: Annotated[
        bool, typer.Option("--skip/--no-skip", help="Add a linear path past the latents; per layer only.")
    ] = False,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to train on, epochs counted.")] = 4_000_000,
    store_tokens: Annotated[int, typer.Option(min=1, help="Tokens to capture.")] = 1_000_000,
    learning_rate: Annotated[float | None, typer.Option(help="Default: by the width, after Gao et al.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Tokens in a step.")] = 4_096,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON.")] = False,
) -> None:
    """Train a transcoder for every block: what its MLP does, in few latents at a time.

    With --cross-layer they are one: what an MLP writes is the sum of what the latents of its block and of all earlier
    ones write there, and all are trained at once. Width and k are those of each block.

    Stopped, the same command goes on where it was.

    Example: [cyan]caseback look transcoders ref-base --out transcoders[/]
    """
    from caseback.cli.bar import bar
    from caseback.interp.circuit.tasks import documents
    from caseback.interp.circuit.transcoders import fit_cross_layer_transcoder, fit_transcoders
    from caseback.interp.dictionary.settings import Settings
    from caseback.interp.store.corpus import of_file

    settings = Settings(
        width=width, k=k, kind=kind, skip=skip, tokens=tokens, batch=batch, learning_rate=learning_rate, seed=seed,
        dead_after=max(1, tokens // 10),
    )  # fmt: skip
    subject = load_in_float32(model)
    source = documents(subject, seed) if data is None else of_file(subject, data)
    beside = [""]
    with bar("transcoders", lambda: beside[0]) as tick:

        def captured(done: int, wanted: int) -> None:
            beside[0] = "capturing"
            tick(done, wanted)

        def trained(what: str, progress: "Progress") -> None:
            beside[0] = f"{what}, FVU {progress.fvu:.2f}, alive {progress.alive:.0%}"
            tick(progress.step, progress.steps)

        given = (subject, source, settings, out)
        if cross_layer:
            reports = fit_cross_layer_transcoder(
                *given, store_tokens=store_tokens, captured=captured, trained=lambda now: trained("all blocks", now)
            )
        else:
            reports = fit_transcoders(
                *given,
                store_tokens=store_tokens,
                captured=captured,
                trained=lambda layer, now: trained(f"block {layer}", now),
            )
    if as_json:
        typer.echo(json.dumps({layer: vars(report) for layer, report in reports.items()}))
        return
    table = Table("block", "FVU", "L0", "alive", box=None, header_style="bold")
    for layer, report in reports.items():
        table.add_row(str(layer), f"{report.fvu:.3f}", f"{report.l0:.1f}", f"{report.alive:.0%}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"FVU: variance of what an MLP writes that is missed, on rows not trained on. They are in {out}")


def _show(console: Console, data: Any, graph: "Graph", page: Path) -> None:
    about = data["metadata"]["caseback"]
    scores = about["scores"]
    for node in data["nodes"]:
        if node["feature_type"] == "logit":
            console.print(node["clerp"], markup=False)
    low, high = scores["replacement_low"], scores["replacement_high"]
    console.print(
        f"replacement {scores['replacement']:.2f} (from {low:.2f} to {high:.2f}), "
        f"completeness {scores['completeness']:.2f}; {about['latents_active']} latents active, "
        f"{about['latents_traced']} traced; {len(data['nodes'])} nodes and {len(data['links'])} edges shown"
    )
    latents = [node for node in data["nodes"] if node["feature_type"] == "cross layer transcoder"]
    table = Table("block", "latent", "token", "activation", "first reading", box=None, header_style="bold")
    tokens = data["metadata"]["prompt_tokens"]
    for node in sorted(latents, key=lambda node: node["influence"])[:12]:
        index = node["node_id"].split("_")[1]
        table.add_row(node["layer"], index, tokens[node["ctx_idx"]], f"{node['activation']:.2f}", node["clerp"])
    console.print(table)
    console.print(f"{page} and {page.with_suffix('.json')}")
