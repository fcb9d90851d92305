"""Processes that train together, as threads of one process: the same code and the same gloo, without their start."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import torch.distributed as dist

from caseback.interp.dictionary.peers import Peers

PATIENCE = timedelta(seconds=120)


def side_by_side(count: int, work: Callable[[Peers], Any]) -> list[Any]:
    """What each of so many gives back; the first error of one is raised, after all have ended."""
    store = dist.HashStore()

    def one(rank: int) -> Any:
        group = dist.ProcessGroupGloo(dist.PrefixStore(str(count), store), rank, count, PATIENCE)
        return work(Peers(rank, count, group))

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(one, rank) for rank in range(count)]]
