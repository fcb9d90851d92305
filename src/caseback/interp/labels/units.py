"""What every latent does at every token and turn, beside the truth about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.labels.conversations import TURN
from caseback.interp.labels.variables import UNITS, VARIABLES, Unit
from caseback.interp.store.store import Store, side_by_side

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
ROWS = 4096
"""Rows encoded at a time."""


@dataclass(frozen=True, eq=False)
class Units:
    """N tokens, or N turns.

    Attributes:
        values: Activations [N, width], a sparse matrix of SciPy by columns; of a turn the largest of its tokens.
        conversation: Number of each one's conversation [N].
        coded: Whether it is in the turn that is put in an encoding [N].
        first: Row of the store that it begins with [N].
        stop: Row after its last [N].
        truth: For each variable that is told of them, where it holds [N].
    """

    values: Any
    conversation: Ints
    coded: Bools
    first: Ints
    stop: Ints
    truth: Mapping[str, Bools]

    def of(self, latent: int) -> Floats:
        """Activations of one latent [N]."""
        column: Floats = self.values[:, [latent]].toarray()[:, 0].astype(np.float64)
        return column


@dataclass(frozen=True, eq=False)
class Heard:
    """Conversations in a store, by tokens and by turns; ``turn`` is each row's turn, -1 before the first."""

    store: Store
    units: Mapping[Unit, Units]
    turn: Ints

    @property
    def tokens(self) -> Units:
        return self.units["token"]

    @property
    def turns(self) -> Units:
        return self.units["turn"]


def heard(store: Store, dictionary: Dictionary) -> Heard:
    """Encodes a store of ``documents``; a dictionary with a threshold makes a code depend on its token alone."""
    values = _activations(store, dictionary)
    rows = len(store)
    turn, conversation = np.full(rows, -1, dtype=np.int64), np.zeros(rows, dtype=np.int64)
    coded, truth = np.zeros(rows, dtype=bool), {name: np.zeros(rows, dtype=bool) for name in VARIABLES}
    first: list[int] = []
    stop: list[int] = []
    of_turn: list[int] = []
    in_code: list[bool] = []
    for document in store.documents():
        offset = document.first - len(document.before)
        conversation[document.first : document.first + document.rows] = document.number
        number = 0
        for name, start, end in document.spans:
            here = slice(max(offset + start, document.first), max(offset + end, document.first))
            if name != TURN:
                truth[name][here] = True
                continue
            hidden = number == document.latents["coded"]
            number += 1
            if here.start >= here.stop:
                continue  # all of it lies in what was not stored
            turn[here], coded[here] = len(first), hidden
            first.append(here.start)
            stop.append(here.stop)
            of_turn.append(document.number)
            in_code.append(hidden)
    starts = np.array(first, dtype=np.int64)
    by_turn = {name: mask[starts] for name, mask in truth.items() if VARIABLES[name].unit == "turn"}
    by_token = {name: mask for name, mask in truth.items() if VARIABLES[name].unit == "token"}
    every = np.arange(rows, dtype=np.int64)
    units: dict[Unit, Units] = {
        "token": Units(values.tocsc(), conversation, coded, every, every + 1, by_token),
        "turn": Units(
            largest(values, turn, len(starts)).tocsc(),
            np.array(of_turn, dtype=np.int64),
            np.array(in_code, dtype=bool),
            starts,
            np.array(stop, dtype=np.int64),
            by_turn,
        ),
    }
    assert tuple(units) == UNITS
    return Heard(store, units, turn)


def largest(values: Any, group: Ints, groups: int) -> Any:
    """Of each column the largest [groups, width] over the rows of a sparse matrix of each group; -1 is of none."""
    from scipy.sparse import coo_array, csr_array

    entries, width = values.tocoo(), values.shape[1]
    of = group[entries.row]
    kept = of >= 0
    keys, data = of[kept] * width + entries.col[kept], entries.data[kept]
    if not len(keys):
        return csr_array((groups, width), dtype=np.float32)
    order = np.argsort(keys, kind="stable")
    unique, begins = np.unique(keys[order], return_index=True)
    most = np.maximum.reduceat(data[order], begins)
    return coo_array((most, (unique // width, unique % width)), shape=(groups, width)).tocsr()


def _activations(store: Store, dictionary: Dictionary) -> Any:
    from scipy.sparse import csr_array, vstack

    parts = []
    for start in range(0, len(store), ROWS):
        rows = np.arange(start, min(start + ROWS, len(store)))
        with torch.inference_mode():
            codes = encode(dictionary, side_by_side(store, dictionary.reads, rows).float())
        there = codes.values_BK > 0
        row, place = there.nonzero(as_tuple=True)
        column = codes.indices_BK[row, place]
        entries = codes.values_BK[row, place].float().numpy(), (row.numpy(), column.numpy())
        parts.append(csr_array(entries, shape=(len(rows), dictionary.width)))
    return vstack(parts).tocsr()
