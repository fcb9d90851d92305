"""Work shared out among processes on one machine, each with a journal of its own that is merged into one."""

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.training.journal import Journal

Share = Callable[[Path, int], None]
"""``share(journal, i)``: the ``i``-th part of the work, from 1 on, its records kept in that journal. It is sent to
another process, so it is a function of a module, or a partial of one."""


@contextmanager
def side_by_side(path: Path, workers: int, share: Share) -> Iterator[Journal]:
    """The journal at ``path``, for the 0th part of the work, while ``workers - 1`` other processes do theirs.

    Each process starts from what the journal holds. On leaving, the others are waited for and what they kept is merged;
    if this process fails they are stopped first. What a killed run left is merged on entering. A part that fails is
    told by nobody: whoever calls does afterwards what is still missing, and so meets the error.

    Raises:
        CasebackError: ``workers`` is below 1, or a journal cannot be read or written.
    """
    if workers < 1:
        raise CasebackError(f"{workers} workers are none: give 1 or more (--workers)")
    journal = Journal(path)
    _merge(journal, path)
    parts = [path.with_name(f"{path.stem}.part-{i}{path.suffix}") for i in range(1, workers)]
    with writing(path):
        for part in parts:
            shutil.copy(path, part)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_do, args=(share, part, i, workers)) for i, part in enumerate(parts, start=1)]
    try:
        with _one_core_each(workers):
            for other in others:
                other.start()
            yield journal
            for other in others:
                other.join()
    finally:
        _stop(others)
        _merge(journal, path)


def stop_if_alone() -> None:
    """End this process if the one that shared the work out has gone, so that nobody waits for its part.

    Raises:
        SystemExit: in that case.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit(1)


@contextmanager
def _one_core_each(workers: int) -> Iterator[None]:
    """Threads of arithmetic by the share of the machine; with more of them the processes only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(before, max(1, (os.cpu_count() or 1) // workers)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _do(share: Share, part: Path, i: int, workers: int) -> None:
    with _one_core_each(workers):
        try:
            share(part, i)
        except (CasebackError, KeyboardInterrupt):
            raise SystemExit(1) from None


def _merge(journal: Journal, path: Path) -> None:
    for part in sorted(path.parent.glob(f"{path.stem}.part-*{path.suffix}")):
        journal.put([record for record in Journal(part).records() if journal.get(record["key"]) is None])
        part.unlink()


def _stop(others: Sequence[BaseProcess]) -> None:
    for other in others:
        if other.is_alive():
            other.terminate()
        if other.pid is not None:
            other.join()
