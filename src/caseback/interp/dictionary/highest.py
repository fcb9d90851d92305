"""The highest values over all processes, exactly, by counting: no process sends its values to another.

fp32 values that are not negative keep their order when their bits are read as integers. A few bits at a time, each
process counts how many of its values begin with each pattern; the sum of the counts over the processes says with which
the value looked for begins (radix selection). For a batch-wide threshold these are three sums of 8 KB, whatever the
width, the batch and the number of processes; to gather the values instead would be k times the batch of them.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.interp.dictionary.entries import Entries, kept
from caseback.interp.dictionary.peers import Peers

BITS = 31
MOST, LEAST = 11, 4
"""Bits counted at a time; fewer for many rows, such that the counts stay within ``ROOM``."""
ROOM = 1 << 14


def kth(values_RN: Tensor, wanted: int, peers: Peers) -> Tensor:
    """The ``wanted``-th highest value of each row over all processes' columns [R], negative ones counting as 0; 0 where
    there are fewer.
    """
    keys_RN = values_RN.float().clamp(min=0).contiguous().view(torch.int32) & 0x7FFFFFFF
    rows = len(keys_RN)
    bits = max(LEAST, min(MOST, (ROOM // max(rows, 1)).bit_length() - 1))
    place_R = torch.arange(rows, device=keys_RN.device)[:, None]
    found_R = keys_RN.new_zeros(rows)
    left_R = torch.full_like(found_R, wanted)
    shift = BITS
    while shift:
        step = min(bits, shift)
        shift -= step
        bins = 1 << step
        inside_RN = (keys_RN >> (shift + step)) == found_R[:, None]
        at_N = (place_R * bins + ((keys_RN >> shift) & (bins - 1)))[inside_RN]
        counts = torch.bincount(at_N, minlength=rows * bins).view(rows, bins).int()
        # How many begin with this pattern or a higher one; behind the last one none.
        reach = F.pad(peers.sum(counts).flip(1).cumsum(1).flip(1).int(), (0, 1))
        digit_R = ((reach[:, :-1] >= left_R[:, None]).sum(1) - 1).clamp(min=0)
        left_R = left_R - reach.gather(1, digit_R[:, None] + 1)[:, 0]
        found_R = (found_R << step) | digit_R.int()
    return found_R.view(torch.float32)


def highest(values_RN: Tensor, k: int, peers: Peers) -> Tensor:
    """Marks the k highest positive values of each row over all processes' columns [R, N]; of equals those of the first
    process, and there the first.
    """
    values_RN = values_RN.float()
    cut_R1 = kth(values_RN, k, peers)[:, None]
    above_RN, level_RN = values_RN > cut_R1.clamp(min=0), (values_RN == cut_R1) & (values_RN > 0)
    counts = peers.gather(torch.stack([above_RN.sum(1), level_RN.sum(1)]).int())
    room_R = k - counts[:, 0].sum(0) - counts[: peers.rank, 1].sum(0)
    return above_RN | (level_RN & (level_RN.cumsum(1) <= room_R[:, None]))


def of_rows(entries: Entries, k: int, peers: Peers) -> Entries:
    """Of the k highest entries of each row in each process, the k highest of all processes."""
    if peers.count == 1:
        return entries
    row_N = entries.row_of()
    place_N = torch.arange(len(row_N), device=row_N.device) - entries.offsets[row_N]
    values_BK = entries.values.new_zeros(entries.rows, int(entries.offsets.diff().max()))
    values_BK[row_N, place_N] = entries.values
    return kept(entries, highest(values_BK, k, peers)[row_N, place_N])


def of_batch(entries: Entries, wanted: int, peers: Peers) -> Entries:
    """The ``wanted`` highest positive entries of all rows and processes; of equals those of the first row, and there of
    the first process.
    """
    values_N, row_N = entries.values, entries.row_of()
    if peers.count == 1:
        cut = values_N.kthvalue(len(values_N) - wanted + 1).values
        above_N, level_N = values_N > cut, (values_N == cut) & (values_N > 0)
        return kept(entries, above_N | (level_N & (level_N.cumsum(0) <= wanted - above_N.sum())))
    cut = kth(values_N[None], wanted, peers)[0]
    above_N, level_N = values_N > cut, (values_N == cut) & (values_N > 0)
    ties_BP = peers.gather(torch.bincount(row_N[level_N], minlength=entries.rows).int()).long().T
    before_BP = ties_BP.flatten().cumsum(0).view_as(ties_BP) - ties_BP
    own_B = ties_BP[:, peers.rank]
    place_N = before_BP[row_N, peers.rank] + level_N.cumsum(0) - 1 - (own_B.cumsum(0) - own_B)[row_N]
    return kept(entries, above_N | (level_N & (place_N < wanted - int(peers.total(above_N.sum())))))


def level_of_all(values_N: Tensor, wanted: int, peers: Peers) -> float:
    """The ``wanted``-th highest of all processes' values, or the lowest positive one if there are fewer; 0 if none."""
    if peers.count == 1:
        wanted = min(len(values_N), wanted)
        return max(0.0, float(values_N.kthvalue(len(values_N) - wanted + 1).values)) if wanted else 0.0
    wanted = min(int(peers.total((values_N > 0).sum())), wanted)
    return float(kth(values_N[None], wanted, peers)) if wanted else 0.0
