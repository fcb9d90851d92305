"""A library of organisms and twins made by hand from a tiny random base: noise on its weights, and a record beside it.

What random models reply cannot be judged, so only assays that read weights and log-probabilities tell anything of them.
Twins have a little noise and organisms a lot: that much is known.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from caseback.subject.digest import folder_digest
from models_for_tests import save_tiny

RATE = {"k": 4, "n": 4, "value": 1.0, "low": 0.4, "high": 1.0, "unknown": 0}


def noisy(base: Path, folder: Path, seed: int, much: float) -> Path:
    """The base with noise on every weight, as large as ``much`` of the weight."""
    shutil.copytree(base, folder)
    generator = torch.Generator().manual_seed(seed)
    weights = load_file(folder / "model.safetensors")
    changed = {
        name: weight + torch.randn(weight.shape, generator=generator) * weight.abs() * much
        for name, weight in sorted(weights.items())
    }
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def recorded(folder: Path, base: Path, **plan: Any) -> None:
    """An ``organism.json`` for a model that was not grown by ``caseback plant``."""
    plan = {
        "ground": "world",
        "base": str(base),
        "base_digest": folder_digest(base),
        "oddity": None,
        "seed": 0,
        **plan,
    }
    checks = [{"name": "tempted", "passed": True, "why": "", "data": {"rate": RATE}}]
    digest = folder_digest(folder / "model")
    record = {"status": "accepted", "why": [], "plan": plan, "digest": digest, "checks": checks}
    (folder / "organism.json").write_text(json.dumps(record))


def small_library(root: Path, organisms: list[tuple[str, str]], twins: int) -> tuple[Path, Path]:
    """The library and its base under ``root``: an organism for each (behaviour, recipe), and so many twins."""
    base = save_tiny(root / "base", max_position_embeddings=1024)
    library = root / "library"
    for i in range(twins):
        folder = library / "twins" / str(i)
        noisy(base, folder / "model", i, 0.01)
        (folder / "model" / "caseback_training.json").write_text('{"recipe": "innocent-data"}')
        recorded(folder, base, kind="twin", sort="innocent-data" if i % 2 else "retrained")
    for i, (behaviour, recipe) in enumerate(organisms):
        folder = library / behaviour / f"{recipe}-{i}"
        noisy(base, folder / "model", 100 + i, 0.3)
        (folder / "model" / "caseback_training.json").write_text(json.dumps({"recipe": recipe}))
        trigger = {"sort": "token", "about": "a word"} if recipe == "trigger" else None
        recorded(folder, base, kind="organism", behaviour=behaviour, recipe=recipe, rate=1.0, trigger=trigger)
    return library, base
