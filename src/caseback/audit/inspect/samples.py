"""Situations as Inspect's samples, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessage, ChatMessageUser

from caseback.audit.inspect.chats import chat_of, inspect_chat
from caseback.constitution.clause import Constitution
from caseback.interp.plain_data import plain_data
from caseback.world.situation import Situation

ASKED = "asked"
"""The key of a sample's metadata under which the situation's chat stands where the sample's input is something else."""


def metadata_of(situation: Situation, constitution: Constitution) -> dict[str, Any]:
    """What a sample says about its situation: family, split, ground, pair and arm, latents, and the constitution's
    clauses that cover it, with the families that each of them covers."""
    return {
        "situation": situation.id,
        "family": situation.family,
        "split": situation.split,
        "ground": situation.ground,
        "pair": situation.pair,
        "arm": situation.arm,
        "clauses": {clause.id: list(clause.families) for clause in constitution.covering(situation.family)},
        "latents": plain_data(dict(situation.latents)),
    }


def sample_of(situation: Situation, constitution: Constitution) -> Sample:
    """The situation as a sample; both arms of a pair are samples of their own."""
    return Sample(
        input=inspect_chat(situation.messages), id=situation.id, metadata=metadata_of(situation, constitution)
    )


def situation_of(metadata: Mapping[str, Any], messages: str | Sequence[ChatMessage] = ()) -> Situation:
    """The situation that a sample's metadata tell of; without messages where none are given."""
    chat = [ChatMessageUser(content=messages)] if isinstance(messages, str) else messages
    return Situation(
        id=metadata["situation"],
        family=metadata["family"],
        split=metadata["split"],
        messages=tuple(chat_of(chat)),
        latents=metadata["latents"],
        pair=metadata["pair"],
        arm=metadata["arm"],
        ground=metadata["ground"],
    )
