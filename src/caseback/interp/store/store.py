"""A folder of captured activations, memory-mapped: any rows at any time, in any order, without loading the rest.

    store.json                   what it was captured from, and how
    shard-00000.safetensors      a tensor [rows, d] per site (bf16), and per row its token, document and position
    shard-00000.json             the documents of the shard: name, first row, latent variables and where they stand

A row is a token. Rows of a document follow each other, and documents keep their order. A shard counts once its
safetensors file, the last to be written, is there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.files import read_json
from caseback.interp.store.permutation import permuted
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site, parse_site

FORMAT = "caseback-store-1"
ABOUT = "store.json"
DTYPES: Mapping[str, tuple[Any, torch.dtype]] = {
    "BF16": (np.uint16, torch.bfloat16),
    "F32": (np.float32, torch.float32),
    "I32": (np.int32, torch.int32),
}
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shard:
    """Rows ``first`` up to ``first + rows`` of a store; ``documents`` and ``digest`` count up to its end."""

    path: Path
    first: int
    rows: int
    documents: int
    digest: str
    tensors: Mapping[str, Any]


@dataclass(frozen=True)
class Stored:
    """A document in a store.

    Attributes:
        number: Its number in the store.
        id: Its name.
        first: Its first row.
        rows: How many rows it has.
        before: Its first tokens, which were not stored.
        latents: What is true of it.
        spans: Latent variables in it: name, first token, token after the last; row = first - len(before) + token.
    """

    number: int
    id: str
    first: int
    rows: int
    before: tuple[int, ...]
    latents: Mapping[str, Any]
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, eq=False)
class Store:
    """Activations on disk. Made by ``capture_store``, opened by ``open_store``.

    Attributes:
        folder: Where it lies.
        sites: What was captured, in the order of a forward pass.
        widths: Of each site.
        model: Digest of the model; ``tokenizer`` and ``template`` likewise.
        shards: Its finished shards.
        about: All of store.json.
    """

    folder: Path
    sites: tuple[Site, ...]
    widths: tuple[int, ...]
    model: str
    tokenizer: str
    template: str
    shards: tuple[Shard, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Rows, that is, tokens."""
        return self.shards[-1].first + self.shards[-1].rows if self.shards else 0

    @property
    def digest(self) -> str:
        """Of everything that made it: model, tokenizer, template, documents, sites."""
        return self.shards[-1].digest if self.shards else ""

    def read(self, site: Site, rows: npt.ArrayLike) -> Tensor:
        """Activations [len(rows), d] at the rows, in their order.

        Raises:
            CasebackError: the store has no such site.
        """
        if site not in self.sites:
            raise CasebackError(f"{self.folder} has no site {site}: it has {', '.join(map(str, self.sites))}")
        return self._gather(str(site), rows)

    def tokens(self, rows: npt.ArrayLike) -> Tensor:
        """Token ids [len(rows)]."""
        return self._gather("token", rows)

    def positions(self, rows: npt.ArrayLike) -> Tensor:
        """Positions in their documents [len(rows)]."""
        return self._gather("position", rows)

    def documents_of(self, rows: npt.ArrayLike) -> Tensor:
        """Numbers of their documents [len(rows)]."""
        return self._gather("document", rows)

    def documents(self) -> Iterator[Stored]:
        """The documents, in order, read one shard at a time."""
        for shard in self.shards:
            for entry in read_json(shard.path.with_suffix(".json"), "copy it again from its source")["documents"]:
                spans = tuple((name, start, stop) for name, start, stop in entry.pop("spans"))
                yield Stored(before=tuple(entry.pop("before")), spans=spans, **entry)

    def rows_of(self, latent: str) -> Iterator[tuple[Stored, range]]:
        """Where a latent variable stands: each document and the rows of the store it covers there."""
        for document in self.documents():
            offset = document.first - len(document.before)
            for name, start, stop in document.spans:
                rows = range(max(offset + start, document.first), min(offset + stop, document.first + document.rows))
                if name == latent and len(rows):
                    yield document, rows

    def split(self, share: float) -> int:
        """The row at which the last documents begin that hold about ``share`` of the rows, to be held out."""
        wanted = int(len(self) * (1 - share))
        starts = np.array([document.first for document in self.documents()])
        later = starts[starts >= wanted]
        return int(later[0]) if len(later) else int(starts[-1])

    def _gather(self, name: str, rows: npt.ArrayLike) -> Tensor:
        wanted: Rows = np.asarray(rows, dtype=np.int64).reshape(-1)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise CasebackError(f"{self.folder} has rows 0 to {len(self) - 1}, not {wanted.min()} to {wanted.max()}")
        kind, width = DTYPES[self._kind(name)], self._width(name)
        found = np.empty((len(wanted), *width), dtype=kind[0])
        which = np.searchsorted(self._ends, wanted, side="right")
        for number in np.unique(which):
            here = np.flatnonzero(which == number)
            found[here] = self._mapped(int(number), name)[wanted[here] - self.shards[number].first]
        return torch.from_numpy(found).view(kind[1])

    @cached_property
    def _ends(self) -> Rows:
        return np.array([shard.first + shard.rows for shard in self.shards], dtype=np.int64)

    @cached_property
    def _maps(self) -> dict[tuple[int, str], Any]:
        return {}

    def _mapped(self, number: int, name: str) -> Any:
        if (number, name) not in self._maps:
            shard = self.shards[number]
            entry = shard.tensors[name]
            self._maps[number, name] = np.memmap(
                shard.path,
                dtype=DTYPES[entry["dtype"]][0],
                mode="r",
                offset=entry["offset"],
                shape=tuple(entry["shape"]),
            )
        return self._maps[number, name]

    def _kind(self, name: str) -> str:
        return str(self.shards[0].tensors[name]["dtype"]) if self.shards else "I32"

    def _width(self, name: str) -> tuple[int, ...]:
        return tuple(self.shards[0].tensors[name]["shape"][1:]) if self.shards else ()


def shuffled_rows(n: int, batch: int, seed: int, step: int) -> Rows:
    """The rows of batch number ``step`` of an endless reading of 0 … n-1, each epoch in an order of its own.

    Every row comes once before any comes twice. Nothing is remembered from one batch to the next.
    """
    places = np.arange(step * batch, (step + 1) * batch, dtype=np.int64)
    epochs = places // n
    parts = [permuted(places[epochs == epoch] % n, n, seed * 1_000_003 + int(epoch)) for epoch in np.unique(epochs)]
    return np.concatenate(parts)


def open_store(folder: Path) -> Store:
    """Open a store, finished or not: what its whole shards hold.

    Raises:
        CasebackError: it is none, is of another format, or a shard is damaged.
    """
    about = read_json(folder / ABOUT, "not a store; make one with `caseback look capture`")
    if about.get("format") != FORMAT:
        raise CasebackError(f"{folder / ABOUT} has format {about.get('format')!r}; this caseback reads {FORMAT}")
    try:
        return Store(
            folder=folder,
            sites=tuple(map(parse_site, about["sites"])),
            widths=tuple(about["widths"]),
            model=about["model"],
            tokenizer=about["tokenizer"],
            template=about["template"],
            shards=tuple(_shards(folder)),
            about=about,
        )
    except (KeyError, TypeError) as error:
        raise CasebackError(f"{folder / ABOUT} is damaged ({error}); copy it again from its source") from None


def check_belongs(store: Store, subject: OpenSubject) -> None:
    """See that a store was captured from this very model.

    Raises:
        CasebackError: it was captured from another, or from this one with other adapters, tokenizer or template.
    """
    if store.model != subject.digest:
        raise CasebackError(
            f"{store.folder} was captured from {store.about.get('name', 'another model')} ({store.model[:19]}…), and "
            f"{subject.name} is another model ({subject.digest[:19]}…): capture a store from it"
        )


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}.safetensors"


def _shards(folder: Path) -> Iterator[Shard]:
    number = 0
    while (path := shard_path(folder, number)).is_file():
        about = read_json(path.with_suffix(".json"), "copy the store again from its source")
        yield Shard(path, about["first"], about["rows"], about["documents_so_far"], about["digest"], _header(path))
        number += 1


def _header(path: Path) -> dict[str, Any]:
    """Where each tensor of a safetensors file lies, its type and shape."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > 1 << 20:
                raise ValueError("no header")
            header: dict[str, Any] = json.loads(file.read(length))
        header.pop("__metadata__", None)
        end = max(entry["data_offsets"][1] for entry in header.values())
        if path.stat().st_size != 8 + length + end:
            raise ValueError("cut short")
        return {
            name: {"dtype": e["dtype"], "shape": e["shape"], "offset": 8 + length + e["data_offsets"][0]}
            for name, e in header.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CasebackError(
            f"{path} is truncated or damaged ({error}); delete it and what follows, and capture again"
        ) from None


def side_by_side(store: Store, sites: Sequence[Site], rows: npt.ArrayLike) -> Tensor:
    """Activations of several sites [len(rows), sum of widths]."""
    parts = [store.read(site, rows) for site in sites]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)
