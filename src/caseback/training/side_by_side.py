"""Work shared out among processes, here or on many machines, each with a journal that is merged into one."""

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.training.journal import Journal
from caseback.training.on_ray import RETRIES, connected

Share = Callable[[Path, int], None]
"""``share(journal, i)``: the ``i``-th part of the work, from 1 on, its records kept in that journal. It is sent to
another process, so it is a function of a module, or a partial of one."""
STOPPED = 10
"""Seconds that Ray's workers have to end in when they are told to."""


@contextmanager
def side_by_side(path: Path, workers: int, share: Share, ray: str = "") -> Iterator[Journal]:
    """The journal at ``path``, for the 0th part of the work, while ``workers - 1`` other processes do theirs.

    With ``ray``, the address of a cluster whose machines have the same folders at the same places, they are Ray's
    workers; one that is killed goes on as another.

    Each process starts from what the journal holds. On leaving, the others are waited for and what they kept is merged;
    if this process fails they are stopped first. What a killed run left is merged on entering. A part that fails is
    told by nobody: whoever calls does afterwards what is still missing, and so meets the error.

    Raises:
        CasebackError: ``workers`` is below 1, or a journal cannot be read or written.
    """
    if workers < 1:
        raise CasebackError(f"{workers} workers are none: give 1 or more (--workers)")
    cluster = connected(workers, ray) if ray else None
    journal = Journal(path)
    _merge(journal, path)
    parts = [path.with_name(f"{path.stem}.part-{i}{path.suffix}") for i in range(1, workers)]
    with writing(path):
        for part in parts:
            shutil.copy(path, part)
    others = _on_ray(cluster, share, parts, workers) if cluster else _processes(share, parts, workers)
    try:
        with one_core_each(workers), others:
            yield journal
    finally:
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
def one_core_each(workers: int) -> Iterator[None]:
    """Threads of arithmetic by the share of the machine; with more of them the processes only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(before, max(1, (os.cpu_count() or 1) // workers)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _processes(share: Share, parts: Sequence[Path], workers: int) -> Iterator[None]:
    """Processes of this machine; waited for on leaving, and stopped on an error."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_do, args=(share, part, i, workers)) for i, part in enumerate(parts, start=1)]
    try:
        for other in others:
            other.start()
        yield
        for other in others:
            other.join()
    finally:
        _stop(others)


def _do(share: Share, part: Path, i: int, workers: int) -> None:
    with one_core_each(workers):
        try:
            share(part, i)
        except (CasebackError, KeyboardInterrupt):
            raise SystemExit(1) from None


def _stop(others: Sequence[BaseProcess]) -> None:
    for other in others:
        if other.is_alive():
            other.terminate()
        if other.pid is not None:
            other.join()


@contextmanager
def _on_ray(ray: Any, share: Share, parts: Sequence[Path], workers: int) -> Iterator[None]:
    """Ray's workers; waited for on leaving, and stopped on an error."""
    one = ray.remote(num_cpus=1, max_retries=RETRIES)(_do_there)
    left = [one.remote(share, part.resolve(), i, workers, Path.cwd()) for i, part in enumerate(parts, start=1)]
    try:
        yield
        while left:
            _, left = ray.wait(left)
    finally:
        for each in left:
            ray.cancel(each, force=True)
        if left:
            ray.wait(left, num_returns=len(left), timeout=STOPPED)


def _do_there(share: Share, part: Path, i: int, workers: int, at: Path) -> None:
    os.chdir(at)  # what the caller names may be relative
    with one_core_each(workers), suppress(CasebackError):
        share(part, i)


def _merge(journal: Journal, path: Path) -> None:
    for part in sorted(path.parent.glob(f"{path.stem}.part-*{path.suffix}")):
        journal.put([record for record in Journal(part).records() if journal.get(record["key"]) is None])
        part.unlink()
