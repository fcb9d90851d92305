"""Tiny subjects, and a word planted in one so that its direction is known."""

from dataclasses import replace
from pathlib import Path

import torch

from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from interp.directions.planted import unit
from models_for_tests import save_tiny

WIDTH = 32


def tiny_subject(folder: Path, seed: int = 0) -> OpenSubject:
    return load(str(save_tiny(folder / f"tiny-{seed}", seed=seed)))


def plant(subject: OpenSubject, text: str, distance: float) -> torch.Tensor:
    """Adds ``distance`` times a unit vector to the embedding of each token of ``text``; returns that vector."""
    unit_D = unit(WIDTH)
    ids = subject.tokenizer(text, add_special_tokens=False).input_ids
    with torch.no_grad():
        subject.model.get_input_embeddings().weight[ids] += distance * unit_D
    return unit_D


def direction_for(subject: OpenSubject, vector: torch.Tensor, site: Site, **changes: object) -> Direction:
    provenance = Provenance("mean", "planted", 0, 1, 1, ("a",), "f", "d", (str(site),), 1.0)
    made = Direction(
        "planted", "harm", site, (vector / vector.norm()).float(), 1.0, 0.0, Reading("prompt", "mean"), provenance,
        subject.digest, tokenizer_digest(subject),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]
