"""What a store is captured from: token sequences with the truth about them, made of texts, chats or situations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caseback.chat import Chat, assistant
from caseback.subject.context import context_length
from caseback.subject.open_subject import OpenSubject
from caseback.world.marks import marks, token_spans
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Document:
    """One input of the model.

    Attributes:
        id: A name, for people.
        ids: Its tokens.
        latents: What is true of the whole of it: plain data.
        spans: Where latent variables stand: name, first token, and the token after the last.
    """

    id: str
    ids: tuple[int, ...]
    latents: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[str, int, int], ...] = ()


def of_texts(subject: OpenSubject, texts: Iterable[str], *, limit: int | None = None) -> Iterator[Document]:
    """Texts as the tokenizer takes them, with the special tokens it adds. Longer ones are cut into pieces.

    Args:
        limit: Most tokens in a piece; default 1,024, or the context where that is less.
    """
    most = limit or _limit(subject)
    for number, text in enumerate(texts):
        ids = list(subject.tokenizer(text).input_ids)
        for piece, start in enumerate(range(0, len(ids), most)):
            yield Document(f"text {number}" + (f"/{piece}" if piece else ""), tuple(ids[start : start + most]))


def of_chats(
    subject: OpenSubject,
    chats: Iterable[tuple[str, Chat, Mapping[str, Any]]],
    *,
    limit: int | None = None,
) -> Iterator[Document]:
    """Chats, each with a name and what is true of it, in the model's chat template; cut off where too long.

    Where the text of a latent variable stands in a message, its tokens are marked.
    """
    most = limit or _limit(subject)
    for name, chat, latents in chats:
        ids = subject.format.prompt(chat).ids
        found = [(mark, s.start, min(s.stop or 0, most)) for mark, s in _spans(subject, chat, latents)]
        yield Document(name, tuple(ids[:most]), latents, tuple(span for span in found if span[1] < span[2]))


def of_situations(
    subject: OpenSubject, situations: Iterable[tuple[Situation, str]], *, limit: int | None = None
) -> Iterator[Document]:
    """Situations with a reply to each (empty: none). Family, split, arm and pair stand beside the latent variables."""
    chats = (
        (
            situation.id,
            [*situation.messages, *([assistant(reply)] if reply else [])],
            {
                **situation.latents,
                "family": situation.family,
                "split": situation.split,
                "arm": situation.arm,
                "pair": situation.pair,
            },
        )
        for situation, reply in situations
    )
    return of_chats(subject, chats, limit=limit)


def _spans(subject: OpenSubject, chat: Chat, latents: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    # Names such as the family are said about the chat, not in it; they would be found only by accident.
    said = {name: value for name, value in latents.items() if name not in ("family", "split", "arm", "pair")}
    found = marks(chat, said)
    return token_spans(subject.format, chat, found) if found else []


def _limit(subject: OpenSubject) -> int:
    return min(1024, context_length(subject.model) or 1024)
