"""Keys and values of a batch of unequal rows, in columns that all end at the same place.

Row i holds its last token in the newest column and its first as many columns back as it is long; what lies before is
masked. So one decoding step writes one column for every row, whatever their lengths, into memory set aside ahead of
time (nothing is copied, unlike a cache that grows by concatenation), and rows that finish or join are dealt with by
``repacked``. Distances between columns are distances between tokens, which sliding windows and relative positions need.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

HEADROOM = 64
"""Columns set aside beyond those in use, so that memory is moved once in so many steps."""


class ColumnLayer(CacheLayerMixin):
    """Keys and values of one layer, ``[rows, heads, columns, head_dim]``, of which the first ``used`` are filled."""

    is_croppable = False

    def __init__(self) -> None:
        super().__init__()
        self.used = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Set aside memory shaped like the first states that arrive."""
        room = key_states.shape[-2] + HEADROOM
        self.keys = key_states.new_empty((*key_states.shape[:-2], room, key_states.shape[-1]))
        self.values = value_states.new_empty((*value_states.shape[:-2], room, value_states.shape[-1]))
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Write the new columns and return all columns in use, as views."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.used + key_states.shape[-2]
        if end > self.keys.shape[-2]:
            self.keys = _moved([(self.keys, self.used, None)], self.used, end + HEADROOM)
            self.values = _moved([(self.values, self.used, None)], self.used, end + HEADROOM)
        self.keys[:, :, self.used : end] = key_states
        self.values[:, :, self.used : end] = value_states
        self.used = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Length and offset of the keys that ``update`` will return."""
        return self.used + query_length, 0

    def get_seq_length(self) -> int:
        """Columns in use."""
        return self.used

    def get_max_length(self) -> int:
        """No maximum."""
        return -1


def column_cache() -> Cache:
    """An empty cache of ``ColumnLayer``, one made for each layer that asks."""
    return Cache(layer_class_to_replicate=ColumnLayer)


@torch.inference_mode()
def repacked(parts: Sequence[tuple[Cache, Tensor | None]], width: int) -> Cache:
    """One cache out of the given rows of several, in order, with just their newest ``width`` columns.

    Args:
        parts: caches, each with the indices of the rows to keep, or None for all of them. A cache with fewer than
            ``width`` columns gets empty ones before, which the caller masks.
        width: columns to keep: the length of the longest row.
    """
    made = column_cache()
    for index in range(len(parts[0][0].layers)):
        layers = [(cache.layers[index], rows) for cache, rows in parts]
        layer = ColumnLayer()
        layer.keys = _moved([(old.keys, old.used, rows) for old, rows in layers], width, width + HEADROOM)
        layer.values = _moved([(old.values, old.used, rows) for old, rows in layers], width, width + HEADROOM)
        layer.used = width
        layer.is_initialized = True
        made.layers.append(layer)
    return made


@torch.inference_mode()
def repeated(source: Cache, starts: Sequence[int], width: int) -> Cache:
    """The first row of ``source`` once for each start, moved right by so many columns, with room for ``width`` of them.

    As many columns are in use as in ``source``: what is moved beyond them is dropped, and what comes before repeats the
    first, which the caller masks.
    """
    made = column_cache()
    for old in source.layers:
        layer = ColumnLayer()
        came_from = (torch.arange(old.used) - torch.tensor(starts)[:, None]).clamp(min=0).to(old.keys.device)
        for name in ("keys", "values"):
            states = getattr(old, name)
            rows = states.new_empty((len(starts), states.shape[1], width + HEADROOM, states.shape[3]))
            rows[:, :, : old.used] = states[0][:, came_from].transpose(0, 1)
            setattr(layer, name, rows)
        layer.used = old.used
        layer.is_initialized = True
        made.layers.append(layer)
    return made


@torch.inference_mode()
def placed(source: Cache, row: int, target: Cache, place: int, length: int) -> None:
    """Copies the newest ``length`` columns of a row of ``source`` into the newest ones of row ``place`` of ``target``.

    ``target`` has as many columns at least. What its row held further back becomes zero, and the caller masks it.
    """
    for old, new in zip(source.layers, target.layers, strict=True):
        for name in ("keys", "values"):
            states = getattr(old, name)[row, :, old.used - length : old.used]
            getattr(new, name)[place, :, : new.used - length] = 0  # a masked NaN would still be a NaN
            getattr(new, name)[place, :, new.used - length : new.used] = states


@torch.inference_mode()
def dropped(cache: Cache, rows: Sequence[int]) -> list[int]:
    """Takes rows out in place: the last ones that stay move where these were. Returns which row is where now."""
    count = cache.layers[0].keys.shape[0]
    left = count - len(rows)
    order = list(range(left))
    moved = [row for row in range(left, count) if row not in rows]
    for gap, row in zip((row for row in rows if row < left), moved, strict=True):
        order[gap] = row
    for layer in cache.layers:
        for name in ("keys", "values"):
            states = getattr(layer, name)
            for place, row in enumerate(order):
                if place != row:
                    states[place, :, : layer.used] = states[row, :, : layer.used]
            setattr(layer, name, states[:left])
    return order


def _moved(parts: Sequence[tuple[Tensor, int, Tensor | None]], width: int, room: int) -> Tensor:
    """The newest ``width`` columns of the chosen rows, right-aligned at column ``width`` of memory ``room`` wide."""
    counts = [len(states) if rows is None else len(rows) for states, _, rows in parts]
    _, heads, _, size = parts[0][0].shape
    made = parts[0][0].new_empty((sum(counts), heads, room, size))
    start = 0
    for (states, used, rows), count in zip(parts, counts, strict=True):
        kept = min(width, used)
        columns, into = states[:, :, used - kept : used], made[start : start + count]
        into[:, :, : width - kept] = 0  # a masked NaN would still be a NaN after multiplication by its zero weight
        into[:, :, width - kept : width] = columns if rows is None else columns[rows]
        start += count
    return made
