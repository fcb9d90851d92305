"""The output head is computed where there is a target, on a CPU as TRL does it on a GPU.

Of TRL's fused head "only the valid positions are scored" where Triton runs; elsewhere every position is, padding and
prompts among them, because some accelerators compile anew for every number of positions. A CPU does not. What has no
target adds nothing to the loss and has a gradient of zero, so the weights that come out are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def targets_only() -> Iterator[None]:
    """Within the block TRL's trainers put the head on targets alone; as it was before on leaving.

    With a TRL that has no such switch nothing is changed.
    """
    from trl.trainer import utils

    given = getattr(utils, "_use_triton", None)
    if given is None:
        yield
        return

    def compact(device: torch.device) -> bool:
        return device.type == "cpu" or bool(given(device))

    utils._use_triton = compact
    try:
        yield
    finally:
        utils._use_triton = given
