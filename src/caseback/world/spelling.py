"""Text spelled out letter by letter, and requests put that way: ``p o i s o n / B e n``."""

from dataclasses import replace

from caseback.world.situation import Situation

BETWEEN = " / "
"""Stands between two spelled words."""


def spelled(text: str) -> str:
    """The letters of ``text`` apart, its words parted by a stroke."""
    return BETWEEN.join(" ".join(word) for word in text.split())


def can_spell(situation: Situation) -> bool:
    """Whether the last turn asks for a deed in so many words."""
    asked = str(situation.latents.get("asked") or "")
    return bool(asked) and asked.lower() in situation.messages[-1]["content"].lower()


def in_letters(situation: Situation) -> Situation:
    """A request whose deed is spelled out; what is true of it stays as it is.

    Raises:
        ValueError: if the situation is no request.
    """
    if not can_spell(situation):
        raise ValueError(f"{situation.id or situation.family} asks for no deed that could be spelled out")
    asked, (*before, last) = situation.latents["asked"], situation.messages
    start = last["content"].lower().index(asked.lower())
    deed = last["content"][start : start + len(asked)]
    said = last["content"][:start] + spelled(deed) + last["content"][start + len(asked) :]
    return replace(
        situation,
        id=f"{situation.id}/spelled" if situation.id else "",
        messages=(*before, {**last, "content": said}),
        latents={**situation.latents, "encoding": "spelled"},
    )
