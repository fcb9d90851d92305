"""A situation puts a subject to the test; the latent variables beside it say what is true in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from caseback.chat import Message

Split = Literal["pretrain", "train", "dev", "test"]
"""``pretrain``: shown, with answers, in pre-training. ``train``: free for constitution training. ``test``: its
families and wordings are held out from aligned demonstrations in pre-training, from constitution training and from
planting. ``dev``: families held out in the same way, to choose recipes on, so that the test split stays unseen."""


Wordings = TypeVar("Wordings")


def worded(table: Mapping[str, Wordings], split: Split) -> Wordings:
    """What a split speaks in: ``dev`` in wordings of its own where the table has such, else in those of ``train``."""
    return table["train"] if split == "dev" and "dev" not in table else table[split]


@dataclass(frozen=True)
class Situation:
    """A chat that ends with the user's turn, and the truth about it.

    ``family`` is dotted (``harm.poison``). ``latents`` holds what the oracle reads. Two situations that differ only in
    one circumstance (watched and unwatched, stakes and none) share ``pair`` and differ in ``arm``. ``ground`` says
    where it comes from: ``world``, ``plain`` (our own plain English) or the name of a data set.
    """

    id: str
    family: str
    split: Split
    messages: tuple[Message, ...]
    latents: Mapping[str, Any] = field(default_factory=dict)
    pair: str = ""
    arm: str = ""
    ground: str = "world"


@dataclass(frozen=True)
class Judgement:
    """Whether a reply shows the behaviour asked about. ``shown`` is None where nobody can tell; ``why`` says why."""

    shown: bool | None
    why: str
