"""``caseback look fit``: a dictionary from a store."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caseback.cli.bar import bar
from caseback.cli.models import located
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.dictionary.fit import Progress


def fit(
    store: Annotated[Path, typer.Argument(help="Folder of the store, from `caseback look capture`.")],
    reads: Annotated[
        list[str] | None,
        typer.Option(
            "--site", "-s", help="What to read; several: a crosscoder.", show_default="the first of the store"
        ),
    ] = None,
    writes: Annotated[
        list[str] | None, typer.Option("--writes", "-w", help="What to reconstruct instead: a transcoder.")
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(help="A store of the same texts from another model: a crosscoder of the two.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the dictionary.")] = Path("dictionary"),
    kind: Annotated[
        str, typer.Option(help="batchtopk or jumprelu; or topk, of which no latent can be published by itself.")
    ] = "batchtopk",
    width: Annotated[
        int | None, typer.Option(min=2, help="Latents.", show_default="16 times the width of the site")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Active latents per token.")] = 32,
    nested: Annotated[
        str, typer.Option(help="Matryoshka: shares of the latents that reconstruct by themselves, such as 0.06,0.25.")
    ] = "",
    routed: Annotated[
        bool,
        typer.Option("--routed", help="For tens of thousands of latents and up: look for active ones in some groups."),
    ] = False,
    skip: Annotated[bool, typer.Option("--skip", help="A linear path past the latents, for a transcoder.")] = False,
    tokens: Annotated[int | None, typer.Option(min=1, help="To train on.", show_default="10 times the store")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Tokens in a step.")] = 4096,
    rate: Annotated[float | None, typer.Option(help="Learning rate.", show_default="by the width")] = None,
    seed: Annotated[int, typer.Option(help="Of initial weights and order.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(help="The model of the store, to measure what is lost when it runs on the reconstruction."),
    ] = None,
    texts: Annotated[int, typer.Option(min=2, help="Held-out texts for that.")] = 64,
    saelens: Annotated[Path | None, typer.Option(help="Write it in SAELens' files too, into this folder.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, …")] = "cpu",
    processes: Annotated[
        int, typer.Option(min=1, help="Of this machine, each with a share of the latents; or start it by torchrun.")
    ] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget a training that was stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Train a dictionary on a store, and measure it on texts that it was not trained on.

    FVU is the fraction of variance unexplained, L0 the active latents per token, alive the share of latents that
    fire. Stopped, the same command goes on from its last checkpoint.

    Examples:

      caseback look fit store --tokens 2000000 --model ref-base

      caseback look fit store -s mlp_in.3 -w mlp_out.3 --kind jumprelu --skip --out transcoder

      torchrun --nproc-per-node 2 -m caseback look fit store --width 262144 --routed
    """
    from caseback.interp.dictionary.files import load as load_dictionary
    from caseback.interp.dictionary.fit import fit as fit_dictionary
    from caseback.interp.dictionary.peers import joined, own_device
    from caseback.interp.dictionary.processes import fit_on_processes
    from caseback.interp.dictionary.routing import groups_for
    from caseback.interp.dictionary.saelens import write_saelens
    from caseback.interp.dictionary.settings import Settings
    from caseback.interp.store.store import open_store
    from caseback.subject.site import parse_site

    opened = open_store(store)
    read = [parse_site(text) for text in reads or []] or list(opened.sites[:1])
    known = dict(zip(opened.sites, opened.widths, strict=True))
    latents = width or 16 * known.get(read[0], 0) or k
    groups, share = groups_for(latents) if routed else (0, 1.0)
    settings = Settings(
        width=latents,
        groups=groups,
        share=share,
        k=k,
        kind=kind,
        nested=_shares(nested),
        skip=skip,
        tokens=tokens or 10 * max(len(opened), 1),
        batch=batch,
        learning_rate=rate,
        dead_after=max(batch * 10, min(1_000_000, (tokens or 10 * len(opened)) // 10)),
        seed=seed,
    )
    shown = _Shown()
    with (
        joined(own_device(device)) as peers,
        bar(f"{settings.kind}, {settings.width:,} latents", shown, hidden=peers.rank > 0) as tick,
    ):

        def progress(now: "Progress") -> None:
            shown.text = (
                f"FVU {now.fvu:.3f} · L0 {now.l0:.1f} · alive {now.alive:.0%} · {now.tokens_per_second:,.0f} tokens/s"
            )
            tick(now.step, now.steps)

        written = [parse_site(text) for text in writes or []]
        if processes > 1:
            if peers.count > 1:
                raise CasebackError(f"{peers.count} processes were started already (torchrun): leave --processes out")
            report = fit_on_processes(
                processes,
                store,
                settings,
                out,
                reads=read,
                writes=written,
                beside=beside,
                fresh=fresh,
                device=device,
                progress=progress,
            )
        else:
            report = fit_dictionary(
                opened,
                settings,
                out,
                reads=read,
                writes=written,
                beside=open_store(beside) if beside else None,
                fresh=fresh,
                device=own_device(device),
                peers=peers,
                progress=progress,
            )[1]
    if peers.rank:
        return
    found: dict[str, Any] = {"dictionary": str(out), "width": settings.width, **asdict(report)}
    if model is not None:
        found["splice"] = _spliced(model, opened, load_dictionary(out), texts)
        (out / "report.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if saelens is not None:
        write_saelens(load_dictionary(out), saelens)
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(
        f"{out}: FVU {report.fvu:.4f}, L0 {report.l0:.1f}, {report.alive:.1%} of {settings.width:,} latents alive "
        f"({report.rows:,} held-out tokens); {report.tokens:,} tokens in {report.seconds:.0f} s "
        f"({report.encoder} encoder, {report.kernels} kernels)"
    )
    for name, words in (("recovered", "loss recovered"), ("kl", "KL, nats per token"), ("clean", "loss, clean"),
                        ("spliced", "loss, spliced"), ("ablated", "loss, ablated")):  # fmt: skip
        if model is not None:
            mean = found["splice"][name]
            typer.echo(
                f"  {words:22} {mean['value']:.4f}  [{mean['low']:.4f}, {mean['high']:.4f}], n = {mean['n']} texts"
            )


class _Shown:
    """What stands beside the bar."""

    text = ""

    def __call__(self) -> str:
        return self.text


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise CasebackError(f"--nested is {text!r}: give shares with commas, such as 0.06,0.25") from None


def _spliced(model: str, store: Any, dictionary: Any, texts: int) -> dict[str, Any]:
    """Loss recovered and its kin on the last documents of the store, which no training saw."""
    import numpy as np

    from caseback.interp.dictionary.fit import HELD_OUT
    from caseback.interp.dictionary.splice import splice
    from caseback.interp.store.store import check_belongs
    from caseback.subject.load import load

    subject = load(located(model))
    check_belongs(store, subject)
    first = store.split(HELD_OUT)
    held_out = [document for document in store.documents() if document.first >= first][:texts]
    ids = [[*d.before, *store.tokens(np.arange(d.first, d.first + d.rows)).tolist()] for d in held_out]
    return asdict(splice(subject, dictionary, ids, skip=int(store.about["skip"])))
