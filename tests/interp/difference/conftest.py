"""Two tiny models, the second with a change of rank 1 planted, and passages to compare them on."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from caseback.interp.difference.passage import Passage
from caseback.subject.open_subject import OpenSubject

sys.path.insert(0, str(Path(__file__).parent))

from planted_differences import PLANTED, change, subject


@pytest.fixture
def pair() -> tuple[OpenSubject, OpenSubject]:
    """A model, and its copy with a change of rank 1 in one matrix."""
    before, after = subject("before"), subject("after")
    change(after.model, PLANTED, 1, 3.0)
    return before, after


@pytest.fixture
def some_passages() -> Callable[..., list[Passage]]:
    def make(n: int = 8, length: int = 12, family: str = "f") -> list[Passage]:
        generator = torch.Generator().manual_seed(n + length)
        rows = torch.randint(6, 400, (n, length), generator=generator).tolist()
        # Lengths differ, so that batches are padded.
        return [
            Passage(f"{family}/{i}", f"{family}.{i % 2}", tuple(row[: length - i % 3])) for i, row in enumerate(rows)
        ]

    return make
