"""Inspect's ``caseback/…`` models: caseback's subjects, many calls answered in one batch, without the network."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from anyio import to_thread
from inspect_ai.model import ChatMessage, GenerateConfig, Logprob, Logprobs, ModelAPI, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo

from caseback.audit.inspect.answering import Answered, answer_all
from caseback.audit.inspect.batcher import Batcher
from caseback.audit.inspect.chats import chat_of
from caseback.audit.inspect.outputs import output_of
from caseback.audit.inspect.settings import Asking, asking_of
from caseback.chat import Chat
from caseback.constitution.render import estimate_tokens
from caseback.errors import CasebackError
from caseback.interp.direction import Direction
from caseback.interp.directions.files import load_direction
from caseback.subject.batchable import MAX_ROWS
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.resolve import resolve
from caseback.subject.subject import Sampling, Subject


class CasebackModel(ModelAPI):
    """A subject behind Inspect's interface.

    ``GenerateConfig.extra_body={"caseback": {"steer": [{"direction": folder, "dose": 2}], "read": [folder]}}`` steers
    an open subject and scores the transcript; scores come back in the output's metadata under ``readings``. A prompt
    that leaves no room in the context stops for ``model_length``; an address that never answers raises.

    Args:
        model_name: A model folder, a hub id, or an address: ``https://host/v1#model``.
        model_args: ``dtype``, ``device`` and ``adapter`` as ``load`` takes them; none for an address.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._open = partial(load, model_name, **model_args) if model_args else partial(resolve, model_name)
        self._opening = Lock()
        self._subject: Subject | None = None
        self._rows = MAX_ROWS["cuda" if torch.cuda.is_available() else "cpu"]
        self._batcher: Batcher[Asking, tuple[Chat, int], Answered] = Batcher(self._answer, self._rows)
        self._directions: dict[str, Direction] = {}
        self._asked: Counter[str] = Counter()

    @property
    def subject(self) -> Subject:
        """The subject, opened when it is first needed: Inspect makes the model also where only scores are computed.

        Raises:
            CasebackError: as ``load`` and ``resolve`` do.
        """
        with self._opening:
            if self._subject is None:
                self._subject = self._open()
            return self._subject

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The subject's reply.

        Raises:
            CasebackError: tools, a setting that cannot be honoured, a chat that the template refuses, an address that
                did not answer.
        """
        if tools and tool_choice != "none":
            raise CasebackError(f"{self.model_name} is asked with tools, which caseback's subjects do not call")
        chat, asking = chat_of(input), asking_of(config)
        seed = self._seed(chat, config)
        answered = await self._batcher.ask(asking, (chat, seed))
        reply = answered.reply
        if reply.finish == "error" and not isinstance(self.subject, OpenSubject):
            raise CasebackError(f"{self.subject.name} did not answer: {reply.error}")
        metadata: dict[str, Any] = {"seed": seed} if asking.sampling.temperature else {}
        if asking.read:
            metadata["readings"] = dict(answered.readings)
        if asking.steer:
            metadata["moved"] = dict(answered.moved)
        output = output_of(reply, self.model_name, self._count(reply.thinking) if reply.thinking else 0, metadata)
        if config.logprobs and isinstance(self.subject, OpenSubject):
            tokens = [self.subject.format.decode([token]) for token in reply.tokens]
            output.choices[0].logprobs = Logprobs(
                content=[Logprob(token=t, logprob=p) for t, p in zip(tokens, reply.logprobs, strict=True)]
            )
        return output

    async def count_text_tokens(self, text: str) -> int:
        """Tokens of the text by the subject's own tokenizer; an estimate for a closed one. Inspect's own count would
        ask the network."""
        return await to_thread.run_sync(self._count, text)

    async def tokenize(self, text: str) -> list[int]:
        """The text's tokens.

        Raises:
            CasebackError: the subject is closed.
        """
        subject = await to_thread.run_sync(lambda: self.subject)
        if not isinstance(subject, OpenSubject):
            raise CasebackError(f"{subject.name} is closed: its tokenizer is not here")
        return list(subject.tokenizer(text, add_special_tokens=False).input_ids)

    def max_tokens(self) -> int:
        """Room for a reply where nothing else is said: that of ``Sampling``."""
        return Sampling().max_new_tokens

    def max_connections(self) -> int:
        """As many calls at once as go into one batch."""
        return self._rows

    def connection_key(self) -> str:
        """Every model has connections of its own."""
        return self.model_name

    def _answer(self, asking: Asking, requests: Sequence[tuple[Chat, int]]) -> list[Answered]:
        return answer_all(self.subject, asking, requests, self._direction)

    def _direction(self, folder: str) -> Direction:
        """The direction in a folder, read once: seeing that it belongs to the subject takes a digest."""
        assert isinstance(self.subject, OpenSubject)
        if folder not in self._directions:
            self._directions[folder] = load_direction(Path(folder), self.subject)
        return self._directions[folder]

    def _count(self, text: str) -> int:
        return self.subject.count_tokens(text) if isinstance(self.subject, OpenSubject) else estimate_tokens(text)

    def _seed(self, chat: Chat, config: GenerateConfig) -> int:
        """A seed of the chat, of the seed that was set, and of how often that chat came before, so that epochs differ
        and no order of arrival matters."""
        what = json.dumps([config.seed or 0, chat], sort_keys=True)
        nth = self._asked[what]
        self._asked[what] += 1
        return int.from_bytes(hashlib.sha256(f"{what} {nth}".encode("utf-8", "surrogatepass")).digest()[:4], "big")
