"""Which tokens an intervention touches, told by their position in their own sequence.

A token's position counts the real tokens of its row from 0; padding on either side has none and is never touched. For
each forward pass positions are taken from, in this order: the ``position_ids`` given to the model; the running sum of
a two-dimensional ``attention_mask`` less one; ``cache_position``; the length of the cache. So a span means the same
tokens with left or right padding, in a batch with others, and in cached decoding.

What belongs to the prompt is told by the pass: a run of tokens that begins at position 0 is a prompt, one that
continues what is in the cache was generated. A prompt must therefore be run in one pass (not in chunks, nor behind a
shared prefix), and generated text fed in one piece from position 0 counts as prompt.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from caseback.errors import CasebackError


@dataclass(frozen=True)
class Span:
    """Tokens at positions ``start`` up to, not including, ``stop`` (None: no end), of the given part.

    Negative bounds count from the end of the prompt: ``Span(-1)`` is the last prompt token and all that is generated,
    that is, every token that decides a word of the reply; ``Span(-3, part="prompt")`` the last three prompt tokens.
    """

    start: int = 0
    stop: int | None = None
    part: Literal["all", "prompt", "generated"] = "all"

    def __post_init__(self) -> None:
        if self.part not in ("all", "prompt", "generated"):
            raise CasebackError(f"{self}: part is 'all', 'prompt' or 'generated'")
        if self.stop is not None and (self.start < 0) == (self.stop < 0) and self.stop <= self.start:
            raise CasebackError(f"{self} has no tokens")
        if self.part == "generated" and (self.start < 0 or (self.stop or 0) < 0):
            raise CasebackError(f"{self}: negative positions are in the prompt, which the part 'generated' leaves out")

    @property
    def length(self) -> int | None:
        """Number of positions; None where it has no end."""
        stop = 0 if self.stop is None and self.start < 0 and self.part == "prompt" else self.stop
        if stop is None or ((self.start < 0) != (stop < 0) and stop != 0):
            return None
        return stop - self.start if stop > self.start else None


EVERYWHERE = Span()
"""All tokens, prompt and generated."""
GENERATED = Span(part="generated")
"""Generated tokens as they are fed back. What decides the first of them is the last prompt token: ``Span(-1)``."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of a forward pass: ``positions`` [rows, columns], and ``real`` of that shape, or None if all are."""

    positions: Tensor
    real: Tensor | None

    @cached_property
    def _runs(self) -> tuple[Tensor, Tensor]:
        """For each token the first and the last position of the run of consecutive real tokens that it is in."""
        real = torch.ones_like(self.positions, dtype=torch.bool) if self.real is None else self.real
        columns = torch.arange(real.shape[1], device=real.device).expand_as(real)
        follows = (self.positions[:, 1:] == self.positions[:, :-1] + 1) & real[:, 1:] & real[:, :-1]
        edge = torch.zeros_like(real[:, :1])
        begins, ends = ~torch.cat([edge, follows], 1), ~torch.cat([follows, edge], 1)
        first = columns.where(begins, 0).cummax(1).values
        last = columns.where(ends, columns.shape[1] - 1).flip(1).cummin(1).values.flip(1)
        return self.positions.gather(1, first), self.positions.gather(1, last)

    @property
    def count(self) -> int:
        """How many tokens are real."""
        return self.positions.numel() if self.real is None else int(self.real.sum())

    @property
    def generated(self) -> Tensor:
        """Whether each token is in a run that continues what is in the cache [rows, columns]."""
        return self._runs[0] > 0

    @property
    def from_end(self) -> Tensor:
        """Position counted from the end of the prompt, -1 its last token; 0 for all generated tokens."""
        return (self.positions - self._runs[1] - 1).masked_fill(self.generated, 0)

    def within(self, span: Span) -> Tensor | None:
        """Which tokens are in the span [rows, columns]; None where all are."""
        mask = self.real
        for condition in self._conditions(span):
            mask = condition if mask is None else mask & condition
        return mask

    def offsets(self, span: Span) -> Tensor:
        """Number of each token within the span, 0 its first; meaningless outside it."""
        return self.positions - span.start if span.start >= 0 else self.from_end - span.start

    def _conditions(self, span: Span) -> list[Tensor]:
        found = []
        if span.start:
            found.append((self.positions if span.start > 0 else self.from_end) >= span.start)
        if span.stop is not None:
            found.append((self.positions if span.stop >= 0 else self.from_end) < span.stop)
        if span.part != "all":
            found.append(self.generated == (span.part == "generated"))
        return found


def tokens_of_pass(signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tokens:
    """The tokens of a call of a decoder stack with these arguments.

    Raises:
        CasebackError: the call has neither token ids nor embeddings.
    """
    bound = signature.bind_partial(*args, **kwargs).arguments
    given = {**bound.pop("kwargs", {}), **bound}
    ids = given.get("input_ids")
    ids = given.get("inputs_embeds") if ids is None else ids
    if ids is None:
        raise CasebackError("the model was called with neither input_ids nor inputs_embeds")
    rows, columns = ids.shape[:2]
    cache, mask = given.get("past_key_values"), given.get("attention_mask")
    past = None if cache is None else int(cache.get_seq_length())
    real = running = None
    if isinstance(mask, Tensor) and mask.dim() == 2:
        start = mask.shape[1] - columns if past is None else past
        if 0 <= start <= mask.shape[1] - columns:
            seen = mask[:, start : start + columns].bool()
            real = None if bool(seen.all()) else seen
            running = (mask.long().cumsum(1) - 1)[:, start : start + columns]
    positions = given.get("position_ids")
    if positions is None:
        positions = running
    if positions is None:
        positions = given.get("cache_position")
    if positions is None:
        positions = torch.arange(columns, device=ids.device) + (past or 0)
    # Some multimodal models give one row of positions per axis, alike where there is only text.
    positions = positions[0] if positions.dim() == 3 else positions
    return Tokens(positions.expand(rows, columns), real)
