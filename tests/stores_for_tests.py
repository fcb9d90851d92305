"""Stores of activations with planted features, made by hand: known truth for what is fitted on them."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from caseback.interp.store.store import Store, open_store
from caseback.subject.site import Site

D, PLANTED, ROWS = 16, 24, 12_000


class KilledError(Exception):
    """Ends a piece of work from within."""


def planted(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Directions [PLANTED, D], codes with three active, and a map to what is written."""
    make = torch.Generator().manual_seed(seed)
    directions = torch.randn(PLANTED, D, generator=make)
    directions /= directions.norm(dim=1, keepdim=True)
    codes = torch.zeros(ROWS, PLANTED)
    which = torch.stack([torch.randperm(PLANTED, generator=make)[:3] for _ in range(ROWS)])
    codes.scatter_(1, which, 1 + torch.rand(ROWS, 3, generator=make))
    return directions, codes, torch.randn(PLANTED, D, generator=make)


def store_of(folder: Path, acts: dict[Site, torch.Tensor], model: str = "sha256:m") -> Store:
    """A store of given activations: documents of 100 tokens, two shards."""
    folder.mkdir(parents=True)
    sites = sorted(acts)
    about = {"format": "caseback-store-1", "name": "planted", "model": model, "tokenizer": "sha256:t"}
    about |= {"template": "sha256:c", "sites": [str(s) for s in sites], "widths": [acts[s].shape[1] for s in sites]}
    (folder / "store.json").write_text(json.dumps(about))
    rows = len(acts[sites[0]])
    for number, (first, last) in enumerate(((0, rows // 2), (rows // 2, rows))):
        tensors = {str(site): acts[site][first:last].bfloat16().contiguous() for site in sites}
        numbers = torch.arange(first, last, dtype=torch.int32)
        tensors |= {"token": numbers % 7, "document": numbers // 100, "position": numbers % 100}
        documents = [
            {"number": n, "id": f"d{n}", "first": n * 100, "rows": 100, "before": [], "latents": {}, "spans": []}
            for n in range(first // 100, last // 100)
        ]
        path = folder / f"shard-{number:05d}.safetensors"
        shard = {"first": first, "rows": last - first, "documents_so_far": last // 100, "digest": "d"}
        path.with_suffix(".json").write_text(json.dumps({**shard, "documents": documents}))
        save_file(tensors, path)
    return open_store(folder)
