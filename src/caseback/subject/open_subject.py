"""A subject whose weights are here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.attached import Attached
from caseback.subject.batchable import (
    MAX_ROWS,
    cache_columns,
    positions_depend_on_batch,
    takes_unequal_rows,
)
from caseback.subject.chat_format import ChatFormat, Prompt, chat_format
from caseback.subject.context import context_length
from caseback.subject.drafts import Drafts
from caseback.subject.generate import Row, complete, make_row
from caseback.subject.generate_singly import complete_singly
from caseback.subject.score import Score, score
from caseback.subject.stops import Ends, cut, held_back
from caseback.subject.subject import Reply, Sampling


class Piece(str):
    """A piece of streamed text; ``thinking`` says whether it belongs to the thinking section."""

    thinking: bool

    def __new__(cls, text: str, thinking: bool) -> "Piece":
        piece = super().__new__(cls, text)
        piece.thinking = thinking
        return piece


@dataclass
class OpenSubject:
    """A causal language model of transformers with its tokenizer. Made by ``load``.

    Attributes:
        name: the folder or hub id it came from.
        digest: SHA-256 over weights, configuration, tokenizer and chat template, and over adapters in use.
        model: a transformers model in eval mode.
        tokenizer: its tokenizer.
        device: where it runs.
        template_options: passed to the chat template, e.g. ``{"enable_thinking": False}``.
        attached: the adapters on it; see ``adapters``.
        drafts: replies of other models to the same chats, where there are some, and room for its own; they save time
            and change no reply.
    """

    name: str
    digest: str
    model: Any
    tokenizer: Any
    device: torch.device
    template_options: Mapping[str, Any] = field(default_factory=dict)
    attached: Attached | None = None
    drafts: Drafts | None = None

    @property
    def format(self) -> ChatFormat:
        """How chats become prompts for this model."""
        return replace(self._format, options=self.template_options)

    @cached_property
    def _format(self) -> ChatFormat:
        own = self.model.generation_config.eos_token_id if self.model.can_generate() else None
        own = self.model.config.eos_token_id if own is None else own
        ids = own if isinstance(own, list) else [own]
        return chat_format(self.tokenizer, frozenset(i for i in ids if i is not None))

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def has_template(self) -> bool:
        """False where the model has no chat template and is talked to in plain ``User:``/``Assistant:`` lines."""
        return self.format.has_template

    @cached_property
    def batches(self) -> bool:
        """Whether unequal rows can share a batch on this architecture; otherwise they are generated one by one."""
        return takes_unequal_rows(self.model)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, special ones not added."""
        return len(self.tokenizer(text, add_special_tokens=False).input_ids)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        begun: Sequence[Sequence[int]] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """One reply per chat, in order; a reply depends on its chat, the sampling and its seed, not on the batch.

        Log-probabilities are the model's own, before temperature and top-p. A chat that leaves no room in the context
        gets a reply with ``finish="error"``.

        Args:
            seeds: one per chat, default its index.
            begun: tokens with which each reply has begun already, one list per chat. They are part of its text, but
                not of its ``tokens`` nor of the room that it has.
            progress: called with (replies finished, replies in all).
        """
        check_sampling(sampling)
        seeds = range(len(chats)) if seeds is None else seeds
        if len(seeds) != len(chats):
            raise CasebackError(f"{len(seeds)} seeds for {len(chats)} chats: give one each")
        if begun is not None and len(begun) != len(chats):
            raise CasebackError(f"{len(begun)} beginnings for {len(chats)} chats: give one each")
        prompts = [self.format.prompt(chat) for chat in chats]
        if begun is not None:
            prompts = [replace(p, ids=[*p.ids, *ids], begun=tuple(ids)) for p, ids in zip(prompts, begun, strict=True)]
        rows = [self._row(prompt, sampling, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        done = sum(row is None for row in rows)
        for grown in self._completing([row for row in rows if row], sampling):
            finished = sum(row.finish is not None for row in grown)
            done += finished
            if finished and progress:
                progress(done, len(rows))
        if self.drafts is not None:
            for prompt, row, seed in zip(prompts, rows, seeds, strict=True):
                if row:
                    self.drafts.put(prompt.ids, sampling, seed, row.tokens)
        return [self._reply(prompt, row, sampling) for prompt, row in zip(prompts, rows, strict=True)]

    def stream(
        self,
        chat: Chat,
        sampling: Sampling = Sampling(),  # noqa: B008
        seed: int = 0,
    ) -> Iterator[Piece]:
        """The reply of ``generate`` piece by piece, as it is made; each piece says whether it is thinking."""
        check_sampling(sampling)
        prompt = self.format.prompt(chat)
        row = self._row(prompt, sampling, seed)
        if row is None:
            raise CasebackError(self._too_long(prompt))
        stops = (*sampling.stop, *self.format.stops)
        special = (*self.format.tags, *self.tokenizer.all_special_tokens)
        said = {True: "", False: ""}
        for _ in self._completing([row], sampling):
            raw = self.format.decode(row.tokens)
            if row.finish is None:
                raw = raw[: len(raw) - held_back(raw, (*stops, *special))]
            thinking, text = self.format.split(cut(raw, stops), prompt.thinking)
            for kind, now in ((True, thinking), (False, text)):
                if now.startswith(said[kind]) and len(now) > len(said[kind]):
                    yield Piece(now[len(said[kind]) :], kind)
                    said[kind] = now

    def score(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[Score]:
        """How probable each continuation is as the beginning of the reply to its chat.

        Raises:
            CasebackError: a chat with its continuation is longer than the context.
        """
        pairs = []
        for chat, continuation in zip(chats, continuations, strict=True):
            prompt = self.format.prompt(chat)
            pairs.append((prompt.ids, self.continuation_ids(prompt, continuation)))
            if (limit := context_length(self.model)) and sum(map(len, pairs[-1])) > limit:
                raise CasebackError(f"chat and continuation of {sum(map(len, pairs[-1]))} tokens; context is {limit}")
        return score(self.model, pairs)

    def continuation_ids(self, prompt: Prompt, continuation: str) -> list[int]:
        """Tokens of the continuation: as they follow the prompt's where those stay as they are, else by themselves."""
        if not self.has_template and not continuation[:1].isspace():
            continuation = " " + continuation
        together = self.tokenizer(prompt.text + continuation, add_special_tokens=not self.has_template).input_ids
        if together[: len(prompt.ids)] == prompt.ids:
            rest = list(together[len(prompt.ids) :])
            return rest[:-1] if rest and rest[-1] == self.tokenizer.eos_token_id else rest
        return list(self.tokenizer(continuation, add_special_tokens=False).input_ids)

    def _row(self, prompt: Prompt, sampling: Sampling, seed: int) -> Row | None:
        """The prompt's row, or None where the context leaves it no room."""
        limit = context_length(self.model)
        room = sampling.max_new_tokens if limit is None else min(sampling.max_new_tokens, limit - len(prompt.ids))
        if room <= 0 or not prompt.ids:
            return None
        draft = self.drafts.get(prompt.ids, sampling, seed) if self.drafts else ()
        return make_row(prompt.ids, room, sampling, seed, draft)

    def _completing(self, rows: list[Row], sampling: Sampling) -> Iterator[list[Row]]:
        ends = Ends(self.tokenizer, self.format.end_ids, (*sampling.stop, *self.format.stops))
        longest = max((row.length + row.budget for row in rows), default=0)
        if not self.batches or positions_depend_on_batch(self.model, longest):
            return complete_singly(self.model, rows, sampling, ends)
        max_rows = MAX_ROWS.get(self.device.type, 64)
        columns = cache_columns(self.model, self.device)
        return complete(self.model, rows, sampling, ends, max_rows=max_rows, max_columns=columns)

    def _reply(self, prompt: Prompt, row: Row | None, sampling: Sampling) -> Reply:
        if row is None:
            return Reply("", finish="error", prompt_tokens=len(prompt.ids), error=self._too_long(prompt))
        raw = cut(self.format.decode([*prompt.begun, *row.tokens]), (*sampling.stop, *self.format.stops))
        thinking, text = self.format.split(raw, prompt.thinking)
        return Reply(
            text=text,
            thinking=thinking,
            finish=row.finish or "length",
            tokens=tuple(row.tokens),
            logprobs=tuple(row.logprobs),
            prompt_tokens=len(prompt.ids),
        )

    def _too_long(self, prompt: Prompt) -> str:
        if not prompt.ids:
            return "the prompt has no tokens"
        limit = context_length(self.model)
        return f"prompt of {len(prompt.ids)} tokens leaves no room in the context of {limit}; shorten the chat"


def check_sampling(sampling: Sampling) -> None:
    """Refuse what cannot be drawn from.

    Raises:
        CasebackError: naming the value.
    """
    if sampling.max_new_tokens < 1:
        raise CasebackError(f"max_new_tokens is {sampling.max_new_tokens}; it must be at least 1")
    if not 0 <= sampling.temperature < float("inf"):
        raise CasebackError(f"temperature is {sampling.temperature}; it must be 0 (greedy) or more")
    if not 0 < sampling.top_p <= 1:
        raise CasebackError(f"top_p is {sampling.top_p}; it must be above 0 and at most 1")
    if any(not stop for stop in sampling.stop):
        raise CasebackError("an empty stop string would end every reply at once; leave it out")
