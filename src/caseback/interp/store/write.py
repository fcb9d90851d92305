"""Captures a store: documents in, shards out, in bounded memory; killed, the same call goes on where it was.

Documents are dealt to shards by their lengths alone, before anything is run, and each shard is captured by itself. So
a store does not depend on where it was interrupted: on a CPU it comes out bit-equal.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.files import read_json
from caseback.interp.store.document import Document
from caseback.interp.store.identity import chained, template_digest, tokenizer_digest
from caseback.interp.store.store import ABOUT, FORMAT, Store, open_store, shard_path
from caseback.subject.capture import capture
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site, find_place

SHARD_ROWS = 65_536
MUST_AGREE = ("model", "tokenizer", "template", "sites", "skip", "shard_rows", "dtype")


def capture_store(
    subject: OpenSubject,
    documents: Iterable[Document],
    sites: Sequence[Site],
    folder: Path,
    *,
    tokens: int | None = None,
    skip: int = 1,
    shard_rows: int = SHARD_ROWS,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Capture activations of documents into a folder, in bf16.

    The folder takes 2 bytes per token and number, plus 12 per token. At most one shard is in memory.

    Args:
        documents: Any number, as a stream; the same stream again when going on with a store.
        sites: What to capture; any number.
        tokens: Stop with the document that makes it so many rows; default: at the end of the documents.
        skip: So many tokens at the head of each document are run but not stored. The first token of many models has
            activations hundreds of times as large as the rest (Sun et al. 2024, arXiv 2402.17762), and a dictionary
            would be fitted to it.
        shard_rows: Rows after which a shard is closed; documents stay whole.
        progress: Called with (rows stored, rows wanted, or 0 where that is not known).

    Raises:
        CasebackError: the folder has a store of another model, of other sites, or of other documents; a site is not in
            the model; an activation is not finite; the disk is full. What was finished stays, and can be gone on with.
    """
    wanted = sorted(dict.fromkeys(sites))
    if not wanted:
        raise CasebackError("no sites to capture: name at least one, such as resid_post.3")
    if skip < 0 or shard_rows < 1 or (tokens is not None and tokens < 1):
        raise CasebackError("skip must be 0 or more, shard_rows and tokens 1 or more")
    decoder = find_decoder(subject.model)
    about = {
        "format": FORMAT,
        "name": subject.name,
        "model": subject.digest,
        "tokenizer": tokenizer_digest(subject.tokenizer),
        "template": template_digest(subject.tokenizer, subject.template_options),
        "sites": [str(site) for site in wanted],
        "widths": [_width(find_place(decoder, site).shape) for site in wanted],
        "dtype": "BF16",
        "skip": skip,
        "shard_rows": shard_rows,
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _begin(folder, about)
    done = open_store(folder)
    rows = len(done)
    if progress:
        progress(rows, tokens or 0)
    for number, part, digest in _dealt(documents, done, skip, shard_rows, tokens):
        _write_shard(subject, wanted, folder, number, part, digest, skip, first=rows)
        rows += sum(len(document.ids) - skip for _, document in part)
        if progress:
            progress(rows, tokens or 0)
    finished = open_store(folder)
    if not len(finished):
        raise CasebackError(f"there is nothing to capture: no document has more than {skip} tokens")
    return finished


def _begin(folder: Path, about: dict[str, Any]) -> None:
    path = folder / ABOUT
    if path.exists():
        known = read_json(path, "")
        for name in MUST_AGREE:
            if known.get(name) != about[name]:
                raise CasebackError(
                    f"{folder} has a store with another {name} ({_short(known.get(name))}, now {_short(about[name])}): "
                    "name another folder"
                )
        return
    part = path.with_suffix(".part")
    part.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def _dealt(
    documents: Iterable[Document], done: Store, skip: int, shard_rows: int, tokens: int | None
) -> Iterator[tuple[int, list[tuple[int, Document]], str]]:
    """Shards to be captured: number, numbered documents, and the digest of all documents so far."""
    finished = done.shards[-1].documents if done.shards else 0
    rows, number = len(done), len(done.shards)
    digest, part, count = "", [], 0
    useful = (document for document in documents if len(document.ids) > skip)
    if tokens is not None and rows >= tokens:
        return
    seen = 0
    for index, document in enumerate(useful):
        seen = index + 1
        digest = chained(digest, document)
        if index < finished:
            if seen == finished and digest != done.digest:
                raise CasebackError(
                    f"{done.folder} was captured from other documents, or these in another order: name another folder"
                )
            continue
        part.append((index, document))
        count += len(document.ids) - skip
        enough = tokens is not None and rows + count >= tokens
        if count >= shard_rows or enough:
            yield number, part, digest
            rows, number, part, count = rows + count, number + 1, [], 0
        if enough:
            return
    if seen < finished:
        raise CasebackError(
            f"{done.folder} holds {finished} documents, but only {seen} were given: name another folder"
        )
    if part:
        yield number, part, digest


def _write_shard(
    subject: OpenSubject,
    sites: Sequence[Site],
    folder: Path,
    number: int,
    part: list[tuple[int, Document]],
    digest: str,
    skip: int,
    first: int,
) -> None:
    from safetensors.torch import save_file

    path = shard_path(folder, number)
    rows = sum(len(document.ids) - skip for _, document in part)
    tensors = _captured(subject, sites, part, rows, skip)
    entries, row = [], first
    for index, document in part:
        entries.append(
            {
                "number": index,
                "id": document.id,
                "first": row,
                "rows": len(document.ids) - skip,
                "before": document.ids[:skip],
                "latents": dict(document.latents),
                "spans": document.spans,
            }
        )
        row += len(document.ids) - skip
    about = {"first": first, "rows": rows, "documents_so_far": part[-1][0] + 1, "digest": digest, "documents": entries}
    try:
        with writing(path):
            save_file(tensors, path.with_suffix(".part"))
            path.with_suffix(".json").write_text(json.dumps(about) + "\n", encoding="utf-8")
            os.replace(path.with_suffix(".part"), path)
    except BaseException:
        # What is cut short only takes room.
        path.with_suffix(".part").unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        raise


def _captured(
    subject: OpenSubject, sites: Sequence[Site], part: list[tuple[int, Document]], rows: int, skip: int
) -> dict[str, Tensor]:
    """The tensors of a shard."""
    inputs = [document.ids for _, document in part]
    tensors: dict[str, Tensor] = {
        "token": torch.tensor([token for ids in inputs for token in ids[skip:]], dtype=torch.int32),
        "document": torch.tensor([n for n, d in part for _ in d.ids[skip:]], dtype=torch.int32),
        "position": torch.tensor([p for ids in inputs for p in range(skip, len(ids))], dtype=torch.int32),
    }
    row = 0
    kept = [range(skip, len(ids)) for ids in inputs]
    for captured in capture(subject.model, inputs, sites, dtype=torch.bfloat16, positions=kept):
        for site, acts in captured.at.items():
            flat_BD = acts.flatten(1).cpu()
            if not bool(flat_BD.isfinite().all()):
                raise CasebackError(
                    f"{site} of {part[captured.index][1].id} has activations that are not finite: the model overflows "
                    f"in {subject.model.dtype}; load it in another precision (--dtype float32)"
                )
            if str(site) not in tensors:
                tensors[str(site)] = torch.empty(rows, flat_BD.shape[1], dtype=torch.bfloat16)
            tensors[str(site)][row : row + len(flat_BD)] = flat_BD
        row += len(captured.positions)
    return tensors


def _width(shape: tuple[int, ...]) -> int:
    width = 1
    for size in shape:
        width *= size
    return width


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 30 else f"{text[:19]}…"
