"""Put questions to a subject through the journal: each is asked once, in batches, and answered with its digest."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling, Subject
from caseback.training.datum import digest_of
from caseback.training.journal import Journal

Progress = Callable[[int, int], None]
CHUNK = 256
"""Questions between two writes to the journal: what a kill may cost."""


@dataclass(frozen=True)
class Text:
    """Something a subject wrote, and what it thought first. ``whole`` is False where it was cut off, empty, an error;
    ``answered`` only where nothing came at all."""

    text: str
    task: str
    subject: str
    seed: int
    digest: str
    whole: bool
    answered: bool = True
    thinking: str = ""

    @property
    def generator(self) -> str:
        """Who wrote it, and doing what: ``digest/task``."""
        return f"{self.subject}/{self.task}"


def ask(
    subject: Subject,
    task: str,
    chats: Sequence[Chat],
    sampling: Sampling,
    seeds: Sequence[int],
    journal: Journal,
    progress: Progress | None = None,
) -> list[Text]:
    """One text for each chat, in order; what the journal holds already is not generated again.

    A question that got no answer is not kept, so that it is asked again when the run goes on.
    """
    keys = [
        Journal.key(task, subject.digest, [dict(m) for m in chat], asdict(sampling), seed)
        for chat, seed in zip(chats, seeds, strict=True)
    ]
    missing = _missing(keys, journal)
    unanswered: dict[str, dict[str, Any]] = {}
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        replies = subject.generate(
            [chats[i] for i in part],
            sampling,
            seeds=[seeds[i] for i in part],
            progress=_shifted(progress, start, len(missing)),
        )
        records = [
            {
                "key": keys[i],
                "task": task,
                "subject": subject.digest,
                "seed": seeds[i],
                "chat": [dict(message) for message in chats[i]],
                "text": reply.text,
                "thinking": reply.thinking,
                "finish": reply.finish,
                "digest": digest_of([keys[i], reply.text, reply.thinking]),
            }
            for i, reply in zip(part, replies, strict=True)
        ]
        unanswered.update({str(record["key"]): record for record in records if record["finish"] == "error"})
        journal.put([record for record in records if record["finish"] != "error"])
    return [_text(journal.get(key) or unanswered[key]) for key in keys]


def ask_scores(
    critic: Subject,
    chats: Sequence[Chat],
    yes: str,
    no: str,
    journal: Journal,
    progress: Progress | None = None,
) -> list[float | None]:
    """Log-odds, in nats, that the critic begins its answer with ``yes`` rather than ``no``; needs its weights.

    It answers at once: what begins a thinking section would otherwise stand where the answer is looked for.

    None where the question is longer than the critic's context.
    """
    keys = [Journal.key("log-odds at once", critic.digest, [dict(m) for m in chat], yes, no) for chat in chats]
    missing = _missing(keys, journal)
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        odds = log_odds(critic, [chats[i] for i in part], yes, no)
        journal.put([{"key": keys[i], "task": "log-odds", "value": value} for i, value in zip(part, odds, strict=True)])
        if progress:
            progress(min(start + CHUNK, len(missing)), len(missing))
    return [(journal.get(key) or {})["value"] for key in keys]


def can_score(subject: Subject) -> bool:
    """Whether the subject gives the probabilities of replies that it did not write."""
    return callable(getattr(subject, "score", None))


def log_odds(subject: Any, chats: Sequence[Chat], yes: str, no: str) -> list[float | None]:
    """Log-probability of the reply ``yes`` less that of ``no``, per chat; None where the context has no room for it."""
    try:
        scores = _at_once(subject).score(
            [chat for chat in chats for _ in (yes, no)], [word for _ in chats for word in (yes, no)]
        )
    except CasebackError:
        if len(chats) == 1:
            return [None]
        half = len(chats) // 2
        return log_odds(subject, chats[:half], yes, no) + log_odds(subject, chats[half:], yes, no)
    return [a.logprob - b.logprob for a, b in zip(scores[::2], scores[1::2], strict=True)]


def _at_once(subject: Any) -> Any:
    if not isinstance(subject, OpenSubject):
        return subject
    return replace(subject, template_options={**subject.template_options, "enable_thinking": False})


def _missing(keys: Sequence[str], journal: Journal) -> list[int]:
    """The first index of each key that the journal lacks."""
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        if journal.get(key) is None:
            first.setdefault(key, index)
    return list(first.values())


def _shifted(progress: Progress | None, start: int, total: int) -> Progress | None:
    return (lambda done, _: progress(start + done, total)) if progress else None


def _text(record: dict[str, Any]) -> Text:
    whole = record["finish"] == "stop" and bool(record["text"].strip())
    answered = record["finish"] != "error"
    text = record["text"].strip()
    thinking = record.get("thinking", "").strip()
    return Text(text, record["task"], record["subject"], record["seed"], record["digest"], whole, answered, thinking)
