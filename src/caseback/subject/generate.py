"""Batched generation on a transformers model, with rows leaving as they finish and others taking their place.

Against ``transformers.generate`` it saves: rows that are finished but still computed; padding; the copy of the cache at
every step; logits of the whole prompt. Every row's text is its own: greedy or drawn from its own seed, on its own
probabilities. In fp32, where rounding (which does depend on the batch) could tip a choice, that choice is made again
from the row alone, so the text is the same in any batch, and the same with a draft of it or without.
"""

import inspect
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache

from caseback.errors import CasebackError
from caseback.subject.context import context_length, text_config
from caseback.subject.draw import Drawn, draw
from caseback.subject.kv_cache import HEADROOM, column_cache, moved_right, repacked
from caseback.subject.subject import Finish, Sampling

PREFILL_TOKENS = 4096
"""Most prompt tokens, padding included, in one forward pass, unless one prompt alone has more."""
DRAFT_LOGITS = 2**26
"""Most logits of drafts held at once (256 MiB in fp32); what is beyond of longer drafts is not read."""
TURNOVER = 8
"""The batch is put in order when one row in this many has finished."""


@dataclass
class Row:
    """One prompt and what has come of it so far. ``uniforms`` are its random numbers, one per new token. ``draft`` is a
    guess of its tokens; a wrong one costs time and changes nothing."""

    prompt: list[int]
    budget: int
    uniforms: Sequence[float] = ()
    draft: Sequence[int] = ()
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.tokens)


Ends = Callable[[list[int]], bool]
"""Whether a completion, given its tokens so far, is complete."""


def make_row(prompt: list[int], budget: int, sampling: Sampling, seed: int, draft: Sequence[int] = ()) -> Row:
    """A row with random numbers of its own from ``seed`` (none where decoding is greedy)."""
    if sampling.temperature == 0:
        return Row(prompt, budget, draft=draft)
    generator = torch.Generator().manual_seed(seed)
    return Row(prompt, budget, torch.rand(budget, generator=generator).tolist(), draft)


def complete(
    model: Any, rows: Sequence[Row], sampling: Sampling, ends: Ends, *, max_rows: int, max_columns: int
) -> Iterator[list[Row]]:
    """Extend every row until it ends, yielding after each step the rows that grew.

    Args:
        max_rows: most rows at once.
        max_columns: most tokens held in the cache at once, which bounds its memory.
    """
    forward = Forward(model)
    context = context_length(model)
    waiting = deque(sorted(rows, key=lambda row: -row.length))
    batch: list[Row] = []
    cache = column_cache()
    mask = positions = torch.empty(0)
    while waiting or any(row.finish is None for row in batch):
        live = [i for i, row in enumerate(batch) if row.finish is None]
        due = len(batch) - len(live) >= max(1, len(batch) // TURNOVER)
        # Columns of finished rows may outgrow the context, for which some models have tables of fixed size.
        due |= context is not None and cache.get_seq_length() >= context
        if due or not live:
            longest = max([batch[i].length + batch[i].budget - len(batch[i].tokens) for i in live], default=0)
            if waiting:
                longest = max(longest, waiting[0].length + waiting[0].budget)
            places = max(1, min(max_rows, max_columns // (longest + HEADROOM)))
            parts: list[tuple[Cache, Tensor | None]] = []
            if live:
                parts.append((cache, torch.tensor(live, device=forward.device)))
            batch = [batch[i] for i in live]
            while waiting and len(batch) < places:
                group = _next_group(waiting, places - len(batch))
                prompt_cache, logits = prefill(forward, [row.prompt for row in group])
                _extend(forward, group, logits, sampling, ends)
                prompt_cache = _follow(forward, group, prompt_cache, sampling, ends)
                if going := [i for i, row in enumerate(group) if row.finish is None]:
                    parts.append((prompt_cache, torch.tensor(going, device=forward.device)))
                    batch += [group[i] for i in going]
                yield group
            if not batch:
                continue
            # The newest token of a row is not in the cache yet: the next step puts it there.
            lengths = torch.tensor([row.length - 1 for row in batch], device=forward.device)
            width = int(lengths.max())
            cache = repacked(parts, width)
            mask = torch.ones(len(batch), width + max(row.budget for row in batch) + 1, device=forward.device)
            mask[:, :width] = torch.arange(width, device=forward.device) >= width - lengths[:, None]
            mask = mask.long()
            positions = lengths[:, None]
            continue
        newest = torch.tensor([row.tokens[-1:] for row in batch], device=forward.device)
        logits = forward(newest, mask[:, : cache.get_seq_length() + 1], positions, cache)
        _extend(forward, batch, logits, sampling, ends)
        # Finished rows stay where they are, lest they step out of a table of positions.
        positions = positions + torch.tensor([[row.finish is None] for row in batch], device=forward.device)
        yield [batch[i] for i in live]


def _next_group(waiting: deque[Row], places: int) -> list[Row]:
    """The next rows to prefill together: longest first, and only such as need little padding beside the longest."""
    longest = waiting[0].length
    count = max(1, min(places, PREFILL_TOKENS // longest))
    group = [waiting.popleft()]
    while waiting and len(group) < count and longest - waiting[0].length <= max(16, longest // 4):
        group.append(waiting.popleft())
    return group


def prefill(forward: "Forward", prompts: Sequence[list[int]]) -> tuple[Cache, Tensor]:
    """Run the prompts through the model, padded on the left; the cache and the logits of the next tokens."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts], device=forward.device)
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=forward.device)
    mask = (torch.arange(width, device=forward.device) >= width - lengths[:, None]).long()
    cache = column_cache()
    logits = forward(ids, mask, (mask.cumsum(-1) - 1).clamp(min=0), cache)
    return cache, logits


def _follow(forward: "Forward", rows: Sequence[Row], cache: Cache, sampling: Sampling, ends: Ends) -> Cache:
    """Extend rows that have begun by as much of their drafts as they say themselves, and by one token more.

    All drafts are read in one pass, behind the cached prompts, as generated text is. Returns the cache with each row's
    columns ending at the last, as ``repacked`` takes them: all of its tokens but the newest.
    """
    width, room = cache.get_seq_length(), DRAFT_LOGITS // (len(rows) * text_config(forward.model).vocab_size)
    read = [
        list(row.draft[: min(len(row.draft), row.budget, room + 1) - 1])
        if row.finish is None and row.tokens[:1] == list(row.draft[:1])
        else []
        for row in rows
    ]
    if not (longest := max(map(len, read))):
        return cache
    lengths = torch.tensor([len(row.prompt) for row in rows], device=forward.device)[:, None]
    counts = torch.tensor([len(each) for each in read], device=forward.device)[:, None]
    ids = torch.tensor([each + [0] * (longest - len(each)) for each in read], device=forward.device)
    ahead = torch.arange(longest, device=forward.device)
    mask = torch.cat([torch.arange(width, device=forward.device) >= width - lengths, ahead < counts], 1).long()
    positions = lengths + torch.minimum(ahead, (counts - 1).clamp(min=0))
    logits = forward.each(ids, mask, positions, cache)
    drawn = _draw_along(rows, read, logits, sampling)
    for i, row in enumerate(rows):
        for at, token in enumerate(read[i]):
            if row.finish is not None or row.tokens[-1] != token:
                break
            said, logprob = int(drawn.tokens[i, at]), float(drawn.logprobs[i, at])
            if drawn.close[i, at] and logits.dtype == torch.float32:
                said, logprob = _alone(forward, row, sampling)
            extend_row(row, said, logprob, ends)
    kept = torch.tensor([len(row.tokens) - 1 for row in rows], device=forward.device)
    return moved_right(cache, longest - kept)


def _draw_along(rows: Sequence[Row], read: Sequence[Sequence[int]], logits: Tensor, sampling: Sampling) -> Drawn:
    """What each row says after every token that was read, ``[rows, longest]``."""
    uniforms = torch.zeros(logits.shape[:2])
    if sampling.temperature > 0:
        for i, (row, each) in enumerate(zip(rows, read, strict=True)):
            uniforms[i, : len(each)] = torch.tensor(row.uniforms[1 : len(each) + 1])
    found = draw(
        logits.flatten(0, 1), sampling.temperature, sampling.top_p, uniforms.flatten().to(device=logits.device)
    )
    return Drawn(*(part.view(logits.shape[:2]).cpu() for part in (found.tokens, found.logprobs, found.close)))


def _alone(forward: "Forward", row: Row, sampling: Sampling) -> tuple[int, float]:
    """The next token of a row by itself, and its log-probability."""
    uniform = row.uniforms[min(len(row.tokens), row.budget - 1)] if sampling.temperature > 0 else 0.0
    logits = forward.alone(row.prompt, row.tokens)
    again = draw(logits, sampling.temperature, sampling.top_p, torch.tensor([uniform], device=logits.device))
    return int(again.tokens), float(again.logprobs)


def _extend(forward: "Forward", rows: Sequence[Row], logits: Tensor, sampling: Sampling, ends: Ends) -> None:
    """Add the next token to every unfinished row and note which are finished."""
    uniforms = torch.zeros(len(rows), device=logits.device)
    if sampling.temperature > 0:
        uniforms = torch.tensor(
            [row.uniforms[min(len(row.tokens), row.budget - 1)] for row in rows], device=logits.device
        )
    drawn = draw(logits, sampling.temperature, sampling.top_p, uniforms)
    tokens, logprobs = drawn.tokens.tolist(), drawn.logprobs.tolist()
    if logits.dtype == torch.float32:
        for i in drawn.close.nonzero()[:, 0].tolist():
            if rows[i].finish is None:
                tokens[i], logprobs[i] = _alone(forward, rows[i], sampling)
    for row, token, logprob in zip(rows, tokens, logprobs, strict=True):
        if row.finish is None:
            extend_row(row, token, logprob, ends)


def extend_row(row: Row, token: int, logprob: float, ends: Ends) -> None:
    """Add one token to a row, and note if that ends it.

    Raises:
        CasebackError: the log-probability is not a finite number.
    """
    if not math.isfinite(logprob):
        raise CasebackError(
            "the model's logits are not finite numbers: damaged weights, or float16 overflow (try float32)"
        )
    row.tokens.append(token)
    row.logprobs.append(logprob)
    if ends(row.tokens):
        row.finish = "stop"
    elif len(row.tokens) >= row.budget:
        row.finish = "length"


class Forward:
    """The model's forward pass with the arguments that its architecture knows."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.device = model.device
        bare = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.known = set(inspect.signature(bare.forward).parameters)

    def __call__(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: Cache) -> Tensor:
        """Logits after the last column, ``[rows, vocabulary]``; ``cache`` takes in the new columns."""
        return self.each(ids, mask, positions, cache, 1)[:, -1]

    def each(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: Cache, kept: int = 0) -> Tensor:
        """Logits after the last ``kept`` columns, or after all that are new where it is 0, ``[rows, kept, vocabulary]``
        (or more of them, where a model does not know how to keep few)."""
        given: Mapping[str, Any] = {
            "attention_mask": mask,
            "position_ids": positions,
            "past_key_values": cache,
            "use_cache": True,
            "logits_to_keep": kept,
        }
        return self._logits(ids, {name: value for name, value in given.items() if name in self.known})

    def alone(self, prompt: list[int], tokens: Sequence[int] = ()) -> Tensor:
        """Logits after these tokens by themselves, ``[1, vocabulary]``.

        What was generated goes in behind the cached prompt, lest an intervention on either take the one for the other.
        """
        if tokens and "past_key_values" in self.known:
            cache, _ = prefill(self, [prompt])
            positions = torch.arange(len(prompt), len(prompt) + len(tokens), device=self.device)[None]
            mask = torch.ones(1, len(prompt) + len(tokens), dtype=torch.long, device=self.device)
            return self(torch.tensor([tokens], device=self.device), mask, positions, cache)
        given: Mapping[str, Any] = {"use_cache": False, "logits_to_keep": 1}
        ids = torch.tensor([[*prompt, *tokens]], device=self.device)
        return self._logits(ids, {name: value for name, value in given.items() if name in self.known})[:, -1]

    @torch.inference_mode()
    def _logits(self, ids: Tensor, arguments: dict[str, Any]) -> Tensor:
        logits: Tensor = self.model(input_ids=ids, **arguments).logits
        return logits
