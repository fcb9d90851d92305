"""Tokens a second of pre-training on one core, and its share of that core's matrix peak, both by this script.

The peak is the fastest of several square products in the type that training multiplies in: bfloat16 where the CPU has
instructions for it, else float32. Counted are six operations per parameter and token, the embedding's only where the
head is computed, and attention's products; what the optimizer multiplies is not counted, though its time is.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import torch

from caseback.subject.cpu import native_on_cpu
from caseback.world.pretrain import (
    Recipe,
    batches,
    build_tokenizer,
    compile_layers,
    half_precision,
    loss_sum,
    new_model,
    optimizers_of,
)
from caseback.world.spec import WORLD_A


def peak(dtype: torch.dtype, rounds: int = 12) -> float:
    """Operations a second of the fastest product."""
    best = 0.0
    for size in (512, 1024, 2048):
        a, b = (torch.randn(size, size, dtype=dtype) for _ in range(2))
        for _ in range(rounds):
            start = time.process_time()
            a @ b
            best = max(best, 2 * size**3 / (time.process_time() - start))
    return best


def operations(model: torch.nn.Module, ids: torch.Tensor, targets: torch.Tensor, recipe: Recipe) -> float:
    """Of one step's forward and backward pass."""
    embedding = model.get_input_embeddings().weight.numel()
    body = sum(p.numel() for p in model.parameters()) - embedding
    rows, length = ids.shape
    attention = 2 * 2 * rows * length * length * recipe.width * recipe.layers
    return 6.0 * body * ids.numel() + 6.0 * embedding * int((targets != -100).sum()) + 3.0 * attention


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--figure", choices=["tokens", "share"], default="tokens")
    given = parser.parse_args()
    from transformers import AutoTokenizer

    torch.set_num_threads(1)
    dtype = torch.bfloat16 if native_on_cpu(torch.bfloat16) else torch.float32
    recipe = Recipe(processes=1)
    with tempfile.TemporaryDirectory() as folder:
        build_tokenizer(Path(folder), WORLD_A, recipe, 0, n=5000)
        tokenizer = AutoTokenizer.from_pretrained(Path(folder) / "tokenizer")
    model = new_model(recipe, recipe.vocabulary, 0)
    matrices, optimizers = optimizers_of(model, recipe, 0)
    compile_layers(model)
    stream = batches(tokenizer, WORLD_A, 0, recipe, 0, 0, [1.0])
    speeds, shares = [], []
    for step in range(given.steps + 3):
        start = time.process_time()
        _, _, ids, targets = next(stream)
        with half_precision():
            loss_sum(model, ids, targets).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        seconds = time.process_time() - start
        if step >= 3:
            speeds.append(ids.numel() / seconds)
            shares.append(operations(model, ids, targets, recipe) / seconds)
    best = peak(dtype)
    found = speeds if given.figure == "tokens" else [share / best for share in shares]
    low, *_, high = statistics.quantiles(found, n=40)
    holds = given.figure == "tokens" or statistics.median(found) >= 0.1  # no speed was asked for
    kind = str(dtype).removeprefix("torch.")
    note = (
        f"{kind} on one core, its peak {best / 1e9:.0f} GFLOP/s; {len(matrices)} matrices stepped by one process, in "
        "training each steps its part; low and high: the middle 95 % of the steps"
    )
    print(
        json.dumps(
            {
                "value": statistics.median(found),
                "low": low,
                "high": high,
                "n": given.steps,
                "holds": holds,
                "note": note,
            }
        )
    )


if __name__ == "__main__":
    main()
