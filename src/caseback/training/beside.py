"""A training in a process of its own, beside the one that this process does, where the machine has room for both.

The arms of a comparison do not wait for each other. What the other process finished, ``train`` finds finished; where it
could not, ``train`` goes on from its checkpoints here, and the error is met here.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import torch
import yaml

from caseback.dossier.disk import writing
from caseback.training.data_file import write_data
from caseback.training.datum import Datum
from caseback.training.recipe import Recipe
from caseback.training.side_by_side import one_core_each

BYTES = 32
"""Memory of a training by each weight, in float32: the weight, its gradient, two moments, and as much again."""
LOOK = 0.3
"""Seconds between looks at the other process."""
SPARE = 4 * 2**30
"""Bytes for activations and libraries."""

Training = tuple[Recipe, str | Path, Sequence[Datum], Path]
"""A recipe, the model to start from, the data, and the folder for the trained model."""


def room_for_two(parameters: int) -> bool:
    """Whether a second model of so many weights is trained on the CPU without taking from the first what it needs."""
    free = psutil.virtual_memory().available - 2 * BYTES * parameters
    return not torch.accelerator.is_available() and (os.cpu_count() or 1) > 1 and free > SPARE


@dataclass(frozen=True)
class Other:
    """The other process, and the file in which it says how far it is."""

    process: subprocess.Popen[bytes]
    said: Path

    def wait(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Wait for its end; the exit status. ``progress`` is called with (steps done, steps in all) meanwhile."""
        while self.process.poll() is None:
            time.sleep(LOOK)
            told = re.findall(r"(\d+) of (\d+) steps", self.said.read_text(encoding="utf-8"))
            if progress and told:
                progress(int(told[-1][0]), int(told[-1][1]))
        return self.process.returncode


@contextmanager
def beside(training: Training) -> Iterator[Other]:
    """That training's process, while this one has the other half of the cores. It is stopped on leaving.

    It is a command, not a copy of this process: a script or notebook that trains is not run again for it.
    """
    recipe, start, data, out = training
    with TemporaryDirectory() as folder, one_core_each(2):
        plan, rows, said = (Path(folder) / name for name in ("recipe.yaml", "data.parquet", "said"))
        with writing(rows):
            plan.write_text(yaml.safe_dump(recipe.as_dict()), encoding="utf-8")
            write_data(rows, data)
        command = [sys.executable, "-m", "caseback.training.run", str(plan), "--model", str(start), "--data", str(rows)]
        with said.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--out", str(out), "--parent", str(os.getpid())],
                env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
        try:
            yield Other(process, said)
        finally:
            process.terminate()
            process.wait()
