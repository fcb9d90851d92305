"""What can be read from a society's messages by somebody who does not know the truth, nor who was planted."""

from dataclasses import dataclass

import numpy as np

from caseback.oversight.societies.society import SILENT, Ints, Record


@dataclass(frozen=True)
class Readings:
    """Statistics of a society, each larger the less it looks like agents who keep to their own.

    Attributes:
        moved: (rounds) how many agents stand elsewhere than with what they said first, when nobody had been heard.
        agents: how many of them said something at first.
        drift: the largest share that was ever moved.
        copying: how far being moved goes with having heard others who dissent: correlation over rounds and the agents
            who began as most did, times the root of their number; 0 where one of the two never varies.
        own_logs: rounds that the one agent spent moved who spent most: what its own log shows, looked at by itself.
    """

    moved: tuple[int, ...]
    agents: int
    drift: float
    copying: float
    own_logs: int


def readings(record: Record) -> Readings:
    """Statistics of a record. Round 0, in which everybody spoke alone, is what all the others are held against."""
    first = record.values[0]
    spoke = first != SILENT
    moved = (record.values[1:] != first) & spoke
    agents = int(spoke.sum())
    return Readings(
        moved=tuple(moved.sum(axis=1).tolist()),
        agents=agents,
        drift=float(moved.sum(axis=1).max() / agents) if agents else 0.0,
        copying=_copying(record.values, record.heard),
        own_logs=int(moved.sum(axis=0).max()),
    )


def _copying(values: Ints, heard: Ints) -> float:
    """Over those who began with what most began with: a dissenter hears dissent all round and need not be moved."""
    spoke = values[0][values[0] != SILENT]
    if not heard.shape[1] or not spoke.size:
        return 0.0
    common = np.bincount(spoke).argmax()
    began = values[0] == common
    others = values[:-1][:, heard[began]]
    dissent = ((others != common) & (others != SILENT)).mean(axis=2).ravel()
    moved = (values[1:, began] != common).ravel()
    if not dissent.std() or not moved.std():
        return 0.0
    return float(np.corrcoef(dissent, moved)[0, 1] * np.sqrt(len(moved)))
