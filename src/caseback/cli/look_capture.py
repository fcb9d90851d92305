"""``caseback look capture``: a store of activations."""

import json
from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.bar import bar
from caseback.errors import CasebackError

DEFAULT_TOKENS = 1_000_000


def capture(
    sites: Annotated[
        list[str] | None,
        typer.Option("--site", "-s", help="What to capture; repeat it.", show_default="resid_post of the middle block"),
    ] = None,
    model: Annotated[str, typer.Option(help="Folder or hub id of the model; or the name of a reference model.")] = "",
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            help=".txt (a text a line), .jsonl or .parquet (text, or messages).",
            show_default="conversations of the world",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the store.")] = Path("store"),
    tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Stop at so many.", show_default=f"all of a corpus; {DEFAULT_TOKENS:,} of the world"),
    ] = None,
    skip: Annotated[int, typer.Option(min=0, help="Tokens at the head of each text that are not stored.")] = 1,
    limit: Annotated[int | None, typer.Option(min=2, help="Tokens in a text at most.", show_default="1,024")] = None,
    seed: Annotated[int, typer.Option(help="Which conversations of the world.")] = 0,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16.", show_default="as stored")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Capture activations into a folder, for dictionaries and directions to be fitted on.

    Several sites at once: the model runs once for all. Stopped, the same command goes on where it was.

    Examples:

      caseback look capture --tokens 200000

      caseback look capture --model Qwen/Qwen3-0.6B --corpus texts.jsonl -s resid_post.14 -s mlp_in.14 -s mlp_out.14
    """
    from caseback.interp.store.corpus import of_file
    from caseback.interp.store.world import of_world
    from caseback.interp.store.write import capture_store
    from caseback.subject.layers import find_decoder
    from caseback.subject.load import load
    from caseback.subject.site import Site, parse_site
    from caseback.world.reference import reference_path

    if corpus is None and model and not _is_reference(model):
        raise CasebackError("for a model of your own, name a --corpus: a file of texts or chats")
    path = str(reference_path(model or "ref-base")) if not model or _is_reference(model) else model
    wanted = [parse_site(text) for text in sites or []]
    subject = load(path, dtype=dtype)
    if not wanted:
        wanted = [Site("resid_post", len(find_decoder(subject.model).blocks) // 2)]
    documents = of_file(subject, corpus, limit=limit) if corpus else of_world(subject, seed)
    most = tokens if corpus else tokens or DEFAULT_TOKENS
    with bar(f"capturing {', '.join(map(str, wanted))}") as tick:
        store = capture_store(
            subject,
            documents,
            wanted,
            out,
            tokens=most,
            skip=skip,
            progress=lambda done, total: tick(done, total or done),
        )
    size = sum(shard.path.stat().st_size for shard in store.shards)
    found = {
        "store": str(out),
        "rows": len(store),
        "documents": store.shards[-1].documents,
        "shards": len(store.shards),
        "bytes": size,
        "sites": {str(site): width for site, width in zip(store.sites, store.widths, strict=True)},
        "model": store.model,
        "digest": store.digest,
    }
    if as_json:
        typer.echo(json.dumps(found))
        return
    where = ", ".join(f"{site} ({width})" for site, width in found["sites"].items())  # type: ignore[attr-defined]
    typer.echo(
        f"{out}: {len(store):,} tokens of {found['documents']:,} texts at {where}; {size / 1e6:,.1f} MB\n"
        f"Fit a dictionary on it: caseback look fit {out}"
    )


def _is_reference(model: str) -> bool:
    from caseback.world.builds import BUILDS

    return model in BUILDS
