"""What share of pre-training's processor time goes into making and encoding its conversations."""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from caseback.world.pretrain import Recipe, batches, build_tokenizer, half_precision, loss_sum, new_model
from caseback.world.spec import WORLD_A


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=60)
    given = parser.parse_args()
    from transformers import AutoTokenizer

    torch.set_num_threads(1)
    recipe = Recipe(processes=1)
    with tempfile.TemporaryDirectory() as folder:
        build_tokenizer(Path(folder), WORLD_A, recipe, 0, n=5000)
        tokenizer = AutoTokenizer.from_pretrained(Path(folder) / "tokenizer")
    model = new_model(recipe, 4096, 0)
    stream = batches(tokenizer, WORLD_A, 0, recipe, 0, 0, [1.0])
    making = training = 0.0
    for _ in range(given.batches):
        start = time.process_time()
        _, _, ids, targets = next(stream)
        made = time.process_time()
        with half_precision():
            loss_sum(model, ids, targets).backward()
        making, training = making + made - start, training + time.process_time() - made
        model.zero_grad(set_to_none=True)
    share = making / (making + training)
    note = "forward and backward only; the optimizer's time would make the share smaller"
    print(
        json.dumps({"value": share, "low": None, "high": None, "n": given.batches, "holds": share < 0.05, "note": note})
    )


if __name__ == "__main__":
    main()
