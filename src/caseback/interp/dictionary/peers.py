"""The processes that train a dictionary together: each holds a contiguous share of the latents, and of all latents they
exchange nothing but sums, minima and maxima over the processes (all-reduce).

With gloo and nccl every process gets the same bits of a sum, so what all of them hold (the decoder's bias, the skip)
stays equal in all of them without being sent.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError


class LostError(CasebackError):
    """Another process has ended, so that this one cannot go on."""


@dataclass(frozen=True, eq=False)
class Peers:
    """This process among those that train together.

    Attributes:
        rank: Its number, from 0.
        count: How many there are.
        group: Their process group of torch.distributed; None where there is one process.
        device: Where tensors have to lie to be sent.
    """

    rank: int = 0
    count: int = 1
    group: Any = None
    device: str | torch.device = "cpu"

    def share(self, whole: int) -> range:
        """Which of so many things (latents, groups of latents) this process holds."""
        size = whole // self.count
        return range(self.rank * size, (self.rank + 1) * size)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over the processes, in place.

        Raises:
            LostError: another process has ended.
        """
        return self._reduced(tensor, "SUM")

    def least(self, tensor: Tensor) -> Tensor:
        """The minimum over the processes, in place."""
        return self._reduced(tensor, "MIN")

    def total(self, number: float | Tensor) -> float:
        """The sum of a number over the processes, in fp64: exact for counts."""
        if self.count == 1:
            return float(number)
        return float(self.sum(torch.tensor([float(number)], dtype=torch.float64, device=self.device)))

    def first(self, number: float) -> float:
        """What the first process says, for all."""
        return self.total(number if self.rank == 0 else 0.0)

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of all processes [count, …]. Meant for small ones: each process sends room for all."""
        found = tensor.new_zeros(self.count, *tensor.shape)
        found[self.rank] = tensor
        return self.sum(found)

    def texts(self, text: str) -> list[str]:
        """A short text of each process."""
        given = torch.tensor(list(text.encode()), dtype=torch.int32, device=self.device)
        lengths = self.gather(torch.tensor(len(given), device=self.device)).tolist()
        padded = torch.nn.functional.pad(given, (0, max(lengths) - len(given)))
        rows = self.gather(padded).tolist()
        return [bytes(row[:length]).decode() for row, length in zip(rows, lengths, strict=True)]

    def wait(self) -> None:
        """Until all processes are here."""
        self.total(0)

    def _reduced(self, tensor: Tensor, how: str) -> Tensor:
        if self.count == 1:
            return tensor
        from torch.distributed import AllreduceOptions, ReduceOp

        options = AllreduceOptions()
        options.reduceOp = getattr(ReduceOp, how)
        try:
            self.group.allreduce([tensor], options).wait()
        except RuntimeError as error:
            # The library's own words stand between where in its source it was and whom to ask about it.
            said = str(error).strip().splitlines()[0].rpartition(".cc:")[2].partition("] ")[2].partition(". ")[0]
            said = said or str(error).strip().splitlines()[0]
            raise LostError(
                f"process {self.rank + 1} of {self.count} lost another one ({said}): see what that one says, and run "
                "the same call again, which goes on from the last checkpoint"
            ) from None
        return tensor


ALONE = Peers()


@contextmanager
def joined(device: str = "cpu") -> Iterator[Peers]:
    """The processes that torchrun, ``accelerate launch`` or a scheduler started (RANK, WORLD_SIZE, MASTER_ADDR and
    MASTER_PORT in the environment), joined by gloo on CPUs and nccl on GPUs; this process alone where none are named.

    Raises:
        CasebackError: they do not find each other.
    """
    import torch.distributed as dist

    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or "RANK" not in os.environ:
        yield ALONE
        return
    place = torch.device(device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    begun = not dist.is_initialized()
    try:
        if begun:
            dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise CasebackError(
            f"{count} processes are named (WORLD_SIZE) and do not find each other ({str(error).splitlines()[0]}): "
            "start them with torchrun, or unset WORLD_SIZE"
        ) from None
    try:
        yield Peers(dist.get_rank(), count, dist.group.WORLD, place)
    finally:
        if begun:
            dist.destroy_process_group()


def own_device(device: str) -> str:
    """The device of this process: of several GPUs in a machine the one with its number there (LOCAL_RANK)."""
    return f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" and "LOCAL_RANK" in os.environ else device
