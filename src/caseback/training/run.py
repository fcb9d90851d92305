"""Train from the command line, in one process or many: ``accelerate launch -m caseback.training.run RECIPE.yaml …``."""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from caseback.errors import CasebackError
from caseback.training.data_file import read_data
from caseback.training.recipe import load_recipe
from caseback.training.train import train

EVERY = 5.0
"""Seconds between the lines that say how far a training is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the arguments say; 0 on success, 2 with one line where the user can mend it."""
    parser = argparse.ArgumentParser(prog="caseback.training.run", description=__doc__)
    parser.add_argument(
        "recipe", help="a YAML file, or a packaged recipe: sft, dpo, kto (grpo and rloo: `caseback train run`)"
    )
    parser.add_argument("--model", required=True, help="folder or hub id of the model to train")
    parser.add_argument("--data", required=True, type=Path, help="training data (.parquet or .jsonl)")
    parser.add_argument("--out", required=True, type=Path, help="folder for the trained model")
    parser.add_argument("--fresh", action="store_true", help="start afresh, and replace what is at --out")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when the process that began this one has ended")
    given = parser.parse_args(arguments)
    if given.parent is not None:
        threading.Thread(target=_end_with, args=(given.parent,), daemon=True).start()
    try:
        recipe, data = load_recipe(given.recipe), read_data(given.data)
        trained = train(recipe, given.model, data, given.out, progress=_told(), resume=not given.fresh)
    except CasebackError as error:
        print(f"caseback: {error}", file=sys.stderr)
        return 2
    print(f"{trained.path}: {trained.method}, {trained.steps} steps, {trained.tokens} tokens, {trained.seconds:.1f} s")
    return 0


def _told() -> Callable[[int, int], None]:
    """Says how far the training is, every few seconds."""
    said = time.monotonic()

    def tick(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= EVERY:
            said = time.monotonic()
            print(f"{done} of {total} steps", flush=True)

    return tick


def _end_with(parent: int) -> None:
    """End at once when the parent is another: nobody waits for this training, and a new run may go on with it."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
