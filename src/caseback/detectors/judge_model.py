"""The model that judges, and how it is asked."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from caseback.chat import user
from caseback.detectors.faults import UNANSWERED
from caseback.detectors.judge_answer import Form, read_grade, read_probability, read_word
from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.subject.reply_cache import ReplyCache, open_reply_cache
from caseback.subject.subject import Reply, Sampling, Subject


@dataclass(frozen=True)
class JudgeModel:
    """Which model: its name, for people, and the digest that it is known by.

    A file names a judge and never fetches it. Whoever uses the detector says where that model is.
    """

    name: str
    digest: str


@dataclass(frozen=True)
class Decoding:
    """How its answers are drawn; each from seed 0, so that the same question has the same answer."""

    max_new_tokens: int = 160
    temperature: float = 0.0
    top_p: float = 1.0


@dataclass(frozen=True, eq=False)
class Asking:
    """A judge at hand: the model, and a file that keeps its answers. It is no part of a detector's file."""

    subject: Subject
    cache: Path | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """Special tokens of a judge whose weights are here."""
        tokenizer = getattr(self.subject, "tokenizer", None)
        if tokenizer is None:
            return ()
        return tuple(dict.fromkeys([*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()]))


@dataclass(frozen=True)
class Answer:
    """A judge's score of a transcript, or why it gave none, and the tokens that it read and wrote for that."""

    score: float | None
    why: str
    prompt_tokens: int
    reply_tokens: int


def ask(asking: Asking, prompts: Sequence[str], form: Form, decoding: Decoding) -> list[Answer]:
    """The judge's answer to each prompt, in order; what was asked before comes from the cache.

    Raises:
        CasebackError: probabilities are asked of a model whose weights are not here, or the address refuses.
    """
    if form == "probability" and not hasattr(asking.subject, "score"):
        raise CasebackError(
            f"{asking.subject.name} gives no probabilities: make the judge with --answer word or grade, or use weights"
        )
    keys = [_key(asking.subject, each, form, decoding) for each in prompts]
    with open_reply_cache(asking.cache) if asking.cache else nullcontext() as cache:
        known = {key: kept for key in dict.fromkeys(keys) if cache and (kept := cache.get(key))}
        new = {key: text for key, text in zip(keys, prompts, strict=True) if key not in known}
        for key, reply in zip(new, _replies(asking.subject, list(new.values()), form, decoding), strict=True):
            known[key] = reply
            _keep(cache, key, reply)
    return [_answer(known[key], form) for key in keys]


def _key(subject: Subject, text: str, form: Form, decoding: Decoding) -> str:
    # Whether weights are here is in it: what cannot give probabilities is kept apart from what can.
    asked: Mapping[str, Any] = {"judge": subject.digest, "prompt": text, "form": form, **asdict(decoding)}
    return digest(asked)


def _keep(cache: ReplyCache | None, key: str, reply: Reply) -> None:
    if cache and reply.finish != "error":
        cache.put(key, reply)


def _replies(subject: Any, prompts: Sequence[str], form: Form, decoding: Decoding) -> list[Reply]:
    if not prompts:
        return []
    chats = [[user(text)] for text in prompts]
    sampling = Sampling(decoding.max_new_tokens, decoding.temperature, decoding.top_p)
    replies: list[Reply] = subject.generate(chats, sampling, seeds=[0] * len(chats))
    return _with_odds(subject, chats, replies) if form == "probability" else replies


def _with_odds(subject: Any, chats: Sequence[Any], replies: Sequence[Reply]) -> list[Reply]:
    """The replies, with the logarithms of the probabilities of Yes and No where the answer begins as ``logprobs``."""
    from caseback.subject.score import score

    pairs, rows = [], []
    for at, (chat, reply) in enumerate(zip(chats, replies, strict=True)):
        prompt = subject.format.prompt(chat)
        if reply.finish == "error" or (begins := _answer_begins(subject, reply.tokens, prompt.thinking)) is None:
            continue
        before = [*prompt.ids, *reply.tokens[:begins]]
        pairs += [(before, subject.continuation_ids(prompt, word)) for word in ("Yes", "No")]
        rows.append(at)
    odds = score(subject.model, pairs)
    found = {at: (odds[2 * i].logprob, odds[2 * i + 1].logprob) for i, at in enumerate(rows)}
    return [replace(reply, logprobs=found.get(at, ())) for at, reply in enumerate(replies)]


def _answer_begins(subject: Any, tokens: Sequence[int], thinking: bool) -> int | None:
    """The place in a reply's tokens at which its answer begins, behind any thinking; None where that never ended."""
    opening, closing = subject.format.tags
    raw = subject.format.decode(list(tokens))
    if closing not in raw:
        return None if thinking or opening in raw else 0
    for end in range(1, len(tokens) + 1):
        if closing in subject.format.decode(list(tokens[:end])):
            while end < len(tokens) and not subject.format.decode([tokens[end]]).strip():
                end += 1
            return end
    return None


def _answer(reply: Reply, form: Form) -> Answer:
    spent = (reply.prompt_tokens, len(reply.tokens) or len(reply.logprobs))
    if reply.finish == "error":
        return Answer(None, f"{UNANSWERED}: {reply.error}", *spent)
    if form == "probability":
        if len(reply.logprobs) != 2:
            return Answer(None, "the judge's thinking came to no end", *spent)
        return Answer(*read_probability(*reply.logprobs), *spent)
    return Answer(*(read_word if form == "word" else read_grade)(reply.text), *spent)
