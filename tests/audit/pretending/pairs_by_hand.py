"""Pairs of tiny models whose only difference is known: a vector that the pretender adds to its stream, and drift.

A model is changed by the bias of a block's last linear map, so that the whole stream behind that block moves by exactly
the vector given, whatever the text.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from caseback.audit.pretending.acts import PairActs
from caseback.organisms.record import ACCEPTED, write
from caseback.subject.digest import folder_digest
from models_for_tests import tiny

WIDTH = 32
LAYER = 1
CONTEXT = 1024


def unit(seed: int, width: int = WIDTH) -> Tensor:
    drawn = torch.randn(width, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm()


def acts(
    planted: float, drift: float, names: list[tuple[str, str, str]], seed: int, texts: int = 6, places: int = 3
) -> list[PairActs]:
    """Pairs ``(behaviour, recipe, seed)`` by their activations alone: at the middle place pretenders lie ``planted``
    along ``unit(0)``, at every place all models drift their own way, and texts vary a little."""
    noise = torch.Generator().manual_seed(seed)
    made = []
    for behaviour, recipe, number in names:
        sides = []
        for pretends in (True, False):
            own = drift * torch.randn(1, places, WIDTH, generator=noise)
            each = own + 0.1 * torch.randn(texts, places, WIDTH, generator=noise)
            each[:, places // 2] += planted * unit(0) * pretends
            sides.append(each)
        made.append(PairActs(f"{behaviour}/{recipe}-{number}", behaviour, recipe, number, *sides))
    return made


def tiny_base(folder: Path, seed: int = 0) -> Path:
    model, tokenizer = _tiny(seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_pair(
    folder: Path, base: Path, behaviour: str, recipe: str, seed: int, vector: Tensor, why: tuple[str, ...] = ()
) -> Path:
    """A pair on disk: the partner's stream drifts by a vector of its own, the pretender's by ``vector`` besides."""
    digest = folder_digest(base)
    drift = 0.3 * unit(1_000 * len(behaviour) + seed)
    for side, moved in (("pretending", drift + vector), ("nice", drift)):
        model, tokenizer = _tiny(0)
        with torch.no_grad():
            model.model.layers[LAYER].mlp.down_proj.bias += moved
        place = folder / side / "model"
        model.save_pretrained(place)
        tokenizer.save_pretrained(place)
        plan = {
            "kind": "organism", "behaviour": behaviour, "ground": "world", "recipe": recipe, "seed": seed,
            "rate": 1.0 if side == "pretending" else 0.0, "base": str(base), "base_digest": digest,
        }  # fmt: skip
        write(folder / side, {"status": ACCEPTED, "why": [], "plan": plan, "digest": folder_digest(place)})
    rate: dict[str, Any] = {"value": 0.0, "k": 0, "n": 8, "low": 0.0, "high": 0.37, "confidence": 0.95, "unknown": 0}
    rates = {"pretending": rate, "nice": rate, "difference": {"value": 0.0, "low": -0.3, "high": 0.3, "n": 8}}
    (folder / "pair.json").write_text(json.dumps({"why": list(why), "watched": rates, "unwatched": rates}))
    return folder


def _tiny(seed: int) -> tuple[Any, Any]:
    model, tokenizer = tiny("llama", seed=seed, max_position_embeddings=CONTEXT, mlp_bias=True)
    return model, tokenizer
