"""Batched generation on a transformers model, with rows leaving as they finish and others taking their place.

Against ``transformers.generate`` it saves: rows that are finished but still computed; padding; the copy of the cache at
every step; logits of the whole prompt; what all prompts begin with, such as a constitution, again for each of them.
Every row's text is its own: greedy or drawn from its own seed, on its own probabilities. In fp32, where rounding (which
does depend on the batch) could tip a choice, that choice is made again from the row alone, so the text is the same in
any batch.
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
from caseback.subject.context import context_length
from caseback.subject.draw import draw
from caseback.subject.kv_cache import HEADROOM, column_cache, dropped, placed, repacked, repeated
from caseback.subject.subject import Finish, Sampling

PREFILL_TOKENS = 4096
"""Most prompt tokens, padding included, in one forward pass, unless one prompt alone has more."""
TURNOVER = 8
"""The batch is put in order when one row in this many has finished."""
WORTH_SHARING = 32
"""Tokens that all prompts must begin with alike for these to be run once."""


@dataclass
class Row:
    """One prompt and what has come of it so far. ``uniforms`` are its random numbers, one per new token."""

    prompt: list[int]
    budget: int
    uniforms: Sequence[float] = ()
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.tokens)


Ends = Callable[[list[int]], bool]
"""Whether a completion, given its tokens so far, is complete."""


def make_row(prompt: list[int], budget: int, sampling: Sampling, seed: int) -> Row:
    """A row with random numbers of its own from ``seed`` (none where decoding is greedy)."""
    if sampling.temperature == 0:
        return Row(prompt, budget)
    generator = torch.Generator().manual_seed(seed)
    return Row(prompt, budget, torch.rand(budget, generator=generator).tolist())


def complete(
    model: Any, rows: Sequence[Row], sampling: Sampling, ends: Ends, *, max_rows: int, max_columns: int
) -> Iterator[list[Row]]:
    """Extend every row until it ends, yielding after each step the rows that grew.

    Args:
        max_rows: most rows at once.
        max_columns: most tokens held in the cache at once, which bounds its memory.
    """
    forward = Forward(model)
    # Columns of finished rows may outgrow the context, for which some models have tables of fixed size.
    most = (context_length(model) or math.inf) - 1
    waiting = deque(sorted(rows, key=lambda row: -row.length))
    batch: list[Row] = []
    beginning = _beginning(forward, [row.prompt for row in rows])
    cache = column_cache()
    mask = positions = torch.empty(0)
    while waiting or any(row.finish is None for row in batch):
        live = [i for i, row in enumerate(batch) if row.finish is None]
        due = len(batch) - len(live) >= max(1, len(batch) // TURNOVER)
        if due or not live or cache.get_seq_length() > most:
            longest = max([batch[i].length + batch[i].budget - len(batch[i].tokens) for i in live], default=0)
            if waiting:
                longest = max(longest, waiting[0].length + waiting[0].budget)
            places = max(1, min(max_rows, max_columns // (longest + HEADROOM)))
            joining: list[tuple[Cache, list[Row]]] = []
            seated = len(live)
            while waiting and seated < places:
                group = _next_group(waiting, places - seated, beginning.get_seq_length())
                prompt_cache, logits = prefill(forward, [row.prompt for row in group], beginning)
                joining.append((prompt_cache, group))
                seated += len(group)
                _extend(forward, group, logits, sampling, ends)
                yield group
            if not seated:
                batch = []
                continue
            cache, batch = _in_order(cache, batch, joining, most)
            # The newest token of a row is not in the cache yet: the next step puts it there.
            lengths = torch.tensor([row.length - 1 for row in batch], device=forward.device)
            width = cache.get_seq_length()
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


def _in_order(
    cache: Cache, batch: list[Row], joining: Sequence[tuple[Cache, list[Row]]], most: float
) -> tuple[Cache, list[Row]]:
    """The cache of the unfinished rows and of those that join, and which rows these are, in its order.

    Rows that join take the places of finished ones and nothing else is moved, unless there are too few places or the
    cache is much wider than what it holds, or than ``most`` columns.
    """
    free = [i for i, row in enumerate(batch) if row.finish is not None]
    live = [i for i, row in enumerate(batch) if row.finish is None]
    new = [row for _, group in joining for row in group]
    width = max(row.length - 1 for row in [*(batch[i] for i in live), *new])
    if not live or len(new) > len(free) or not width <= cache.get_seq_length() <= min(width + HEADROOM, most):
        parts = [(cache, torch.tensor(live))] if live else []
        return repacked([*parts, *((each, None) for each, _ in joining)], width), [*(batch[i] for i in live), *new]
    batch = list(batch)
    for each, group in joining:
        for number, row in enumerate(group):
            at = free.pop(0)
            placed(each, number, cache, at, row.length - 1)
            batch[at] = row
    return cache, [batch[i] for i in dropped(cache, free)]


def _beginning(forward: "Forward", prompts: Sequence[list[int]]) -> Cache:
    """The cache of what all prompts begin with; empty where that is little, or where something listens to the model.

    Whoever reads or changes activations is told by the pass what is a prompt, so there it is run in one.
    """
    first, last = min(prompts, default=[]), max(prompts, default=[])  # where these agree, all between them do
    alike = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    alike = min(alike, min(map(len, prompts), default=0) - 1)  # one token at least is left to each
    if len(prompts) == 1 or alike < WORTH_SHARING or forward.listened or "past_key_values" not in forward.known:
        return column_cache()
    return prefill(forward, [first[:alike]])[0]


def _next_group(waiting: deque[Row], places: int, known: int) -> list[Row]:
    """The next rows to prefill together: longest first, and only such as need little padding beside the longest."""
    longest = waiting[0].length
    count = max(1, min(places, PREFILL_TOKENS // (longest - known)))
    group = [waiting.popleft()]
    while waiting and len(group) < count and longest - waiting[0].length <= max(16, longest // 4):
        group.append(waiting.popleft())
    return group


def prefill(forward: "Forward", prompts: Sequence[list[int]], beginning: Cache | None = None) -> tuple[Cache, Tensor]:
    """Run the prompts through the model, padded on the left; the cache and the logits of the next tokens.

    Args:
        beginning: the cache, of one row, of what all of them begin with, which is not run again. The shorter a prompt
            the further right its columns, and what of the beginning is pushed out there is run with the rest.
    """
    width = max(map(len, prompts))
    known = beginning.get_seq_length() if beginning else 0
    padding = [width - len(prompt) for prompt in prompts]
    ids = torch.tensor([[0] * pad + prompt for pad, prompt in zip(padding, prompts, strict=True)])
    mask = (torch.arange(width) >= torch.tensor(padding)[:, None]).long().to(forward.device)
    cache = repeated(beginning, padding, width) if beginning and known else column_cache()
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    logits = forward(ids[:, known:].to(forward.device), mask, positions[:, known:], cache)
    return cache, logits


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
                alone = forward.alone(rows[i].prompt, rows[i].tokens)
                again = draw(alone, sampling.temperature, sampling.top_p, uniforms[i : i + 1])
                tokens[i], logprobs[i] = int(again.tokens), float(again.logprobs)
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
        given: Mapping[str, Any] = {
            "attention_mask": mask,
            "position_ids": positions,
            "past_key_values": cache,
            "use_cache": True,
            "logits_to_keep": 1,
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
        return self._logits(ids, {name: value for name, value in given.items() if name in self.known})

    @property
    def listened(self) -> bool:
        """Whether anything hangs on the model's modules that reads or changes what they compute."""
        return any(module._forward_hooks or module._forward_pre_hooks for module in self.model.modules())

    @torch.inference_mode()
    def _logits(self, ids: Tensor, arguments: dict[str, Any]) -> Tensor:
        logits: Tensor = self.model(input_ids=ids, **arguments).logits[:, -1]
        return logits
