"""What every subject can do, open or closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from caseback.chat import Chat

Finish = Literal["stop", "length", "error"]


@dataclass(frozen=True)
class Reply:
    """What a subject answered.

    ``thinking`` is the text of its thinking section, empty where it had none. ``tokens`` and ``logprobs`` (natural
    logarithm, one per token) cover the whole completion; they are empty for closed subjects that do not give them.
    ``finish`` is ``length`` where the budget ran out, ``error`` where a closed subject never answered; then ``text``
    is empty and ``error`` says why.
    """

    text: str
    thinking: str = ""
    finish: Finish = "stop"
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    prompt_tokens: int = 0
    error: str = ""


@dataclass(frozen=True)
class Sampling:
    """How to draw a reply. Temperature 0 is greedy. ``stop`` strings end a reply and are not part of it."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()


class Subject(Protocol):
    """A model under study that can be talked to. ``digest`` identifies its weights, or address and model name."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = ...,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """One reply per chat, in order. ``seeds``: one per chat, default its index. ``progress(done, total)``."""
        ...
