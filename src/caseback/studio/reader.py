"""A model that a person reads texts with and steers: one thing at a time, off the event loop."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caseback.chat import Message
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch loads only where there is a model
    from caseback.interp.chat.dial import Dial
    from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Reader:
    """A subject with its dials. ``lock`` is held while the model works."""

    subject: "OpenSubject"
    dials: Sequence["Dial"]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, chat: Sequence[Message]) -> dict[str, Any]:
        """Every token of a chat with its readings by dial; a reply at the end is read as a reply.

        Raises:
            CasebackError: the template refuses it, or it does not fit into the context.
        """
        from caseback.interp.chat.turn import token_texts
        from caseback.subject.capture import capture
        from caseback.subject.context import context_length

        with self.lock:
            form = self.subject.format
            replied = bool(chat) and chat[-1]["role"] == "assistant"
            prompt = form.prompt(tuple(chat[:-1]) if replied else tuple(chat))
            ids = [*prompt.ids, *(self.subject.continuation_ids(prompt, chat[-1]["content"]) if replied else [])]
            most = context_length(self.subject.model)
            if most is not None and len(ids) > most:
                raise CasebackError(f"{len(ids)} tokens are longer than the context of {most}: give a shorter text")
            sites = list(dict.fromkeys(dial.reads for dial in self.dials))
            [captured] = capture(self.subject.model, [ids], sites) if sites else [None]
            readings: Mapping[str, list[float]] = {
                dial.name: [float(value) for value in dial.read(captured.at[dial.reads]).float().tolist()]
                for dial in self.dials
                if captured is not None
            }
            return {
                "tokens": list(token_texts(self.subject, ids)),
                "prompt": len(prompt.ids),
                "readings": dict(readings),
            }

    def reply_tokens(self, chat: Sequence[Message], text: str) -> list[str]:
        """The tokens of a reply as text, as they stand behind this chat.

        Raises:
            CasebackError: the template refuses the chat.
        """
        from caseback.interp.chat.turn import token_texts

        with self.lock:
            prompt = self.subject.format.prompt(tuple(chat))
            return list(token_texts(self.subject, self.subject.continuation_ids(prompt, text)))
