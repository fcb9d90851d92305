"""A dictionary trained by several processes of this machine: started, watched, and ended together.

The call that starts them trains nothing itself. It waits: for what they report, and for one that ends before its time,
whereupon it stops the others, whatever they wait for. Processes on several machines are torchrun's to start.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary.fit import Progress, Report, fit
from caseback.interp.dictionary.peers import LostError, Peers
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import check_divides
from caseback.interp.store.store import open_store

GRACE = 5.0
"""Seconds in which the others may say what went wrong with them, once one has failed."""
PATIENCE = timedelta(minutes=30)
"""Most that one process waits for another, as torch.distributed does."""


def fit_on_processes(
    processes: int,
    store: Path,
    settings: Settings,
    folder: Path,
    *,
    beside: Path | None = None,
    device: str = "cpu",
    progress: Callable[[Progress], None] | None = None,
    **more: Any,
) -> Report:
    """``fit.fit`` by so many processes on this machine: on CPUs with their share of its cores each, with ``cuda`` on a
    GPU each.

    Args:
        store: The folder of the store; ``beside`` likewise.
        more: What ``fit.fit`` takes besides.

    Raises:
        CasebackError: as ``fit.fit``, or a process was killed.
    """
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    check_divides(settings, processes)
    context = multiprocessing.get_context("spawn")
    meeting = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    given = {"store": store, "settings": settings, "folder": folder, "beside": beside, "device": device, **more}
    others: list[BaseProcess] = []
    lines: list[Connection] = []
    try:
        for rank in range(processes):
            line, end = context.Pipe(duplex=False)
            one: BaseProcess = context.Process(target=_work, args=(rank, processes, meeting.port, end, given))
            one.start()
            end.close()
            others.append(one)
            lines.append(line)
        return _watched(others, lines, progress)
    finally:
        for one in others:
            one.kill()
            one.join()


def _watched(others: list[BaseProcess], lines: list[Connection], progress: Callable[[Progress], None] | None) -> Report:
    """The report, once all have ended well."""
    report: Report | None = None
    failed: dict[int, CasebackError] = {}
    open_lines = dict(enumerate(lines))
    while open_lines:
        ready = wait(list(open_lines.values()), GRACE if failed else None)
        if not ready:
            break
        for rank, line in list(open_lines.items()):
            if line not in ready:
                continue
            try:
                said = line.recv()
            except EOFError:  # it has ended
                del open_lines[rank]
                others[rank].join(GRACE)
                if others[rank].exitcode and rank not in failed:
                    failed[rank] = _killed(rank, others)
                continue
            if isinstance(said, Progress) and progress:
                progress(said)
            elif isinstance(said, Report):
                report = said
            elif isinstance(said, CasebackError):
                failed[rank] = said
    # That one process lost another is told by all of the others: the other's own error comes first.
    if failed:
        raise min(failed.values(), key=lambda error: isinstance(error, LostError))
    if report is None:
        raise CasebackError("the processes ended without a report: run the same call again")
    return report


def _killed(rank: int, others: list[BaseProcess]) -> CasebackError:
    code = others[rank].exitcode or 0
    how = f"was killed (signal {-code})" if code < 0 else f"failed (status {code}, see above)"
    return CasebackError(
        f"process {rank + 1} of {len(others)} {how}, and the others were stopped: run the same call again, which goes "
        "on from the last checkpoint; if memory ran out, take more machines or a smaller --width"
    )


def _work(rank: int, count: int, port: int, line: Connection, given: Mapping[str, Any]) -> None:
    """One process."""
    import torch.distributed as dist
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    device = given["device"]
    if device == "cuda":
        device = f"cuda:{rank}"
        torch.cuda.set_device(rank)
    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) // count)))
    parent = multiprocessing.parent_process()

    def told(now: Progress) -> None:
        if parent is not None and not parent.is_alive():
            raise SystemExit(1)  # nobody waits for what would come out
        if rank == 0:
            line.send(now)

    try:
        meeting = TCPStore("127.0.0.1", port, is_master=False)
        kind = "nccl" if device.startswith("cuda") else "gloo"
        dist.init_process_group(kind, store=meeting, rank=rank, world_size=count, timeout=PATIENCE)
        peers = Peers(rank, count, dist.group.WORLD, device)
        more = {name: value for name, value in given.items() if name not in ("store", "beside", "device")}
        beside = open_store(given["beside"]) if given["beside"] else None
        report = fit(open_store(given["store"]), beside=beside, device=device, peers=peers, progress=told, **more)[1]
        dist.destroy_process_group()
        if rank == 0:
            line.send(report)
    except CasebackError as error:
        line.send(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
