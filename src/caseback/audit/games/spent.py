"""What blue spends on a subject: requests, tokens, seconds; and subjects that count it, or keep to a budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.closed import ClosedSubject
from caseback.subject.open_subject import OpenSubject
from caseback.subject.score import Score
from caseback.subject.subject import Reply, Sampling


@dataclass
class Spent:
    """``requests`` are replies and scores asked for; ``tokens`` those of prompts and replies that were generated."""

    requests: int = 0
    tokens: int = 0


@dataclass
class CountedSubject(OpenSubject):
    """An open subject that counts what is asked of it."""

    spent: Spent = field(default_factory=Spent)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        begun: Sequence[Sequence[int]] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """As ``OpenSubject.generate``."""
        replies = super().generate(chats, sampling, seeds=seeds, begun=begun, progress=progress)
        self.spent.requests += len(replies)
        self.spent.tokens += sum(reply.prompt_tokens + len(reply.tokens) for reply in replies)
        return replies

    def score(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[Score]:
        """As ``OpenSubject.score``."""
        self.spent.requests += len(chats)
        return super().score(chats, continuations)


def counted(subject: OpenSubject) -> CountedSubject:
    """The subject, with a count that begins at nothing."""
    return CountedSubject(**{item.name: getattr(subject, item.name) for item in fields(OpenSubject)})


@dataclass
class RationedSubject:
    """A closed subject that stops asking before its budget is overdrawn; None is without limit. ``digest`` names it by
    its game, so that what was measured is found again behind another address."""

    subject: ClosedSubject
    digest: str
    requests: int | None
    tokens: int | None
    spent: Spent = field(default_factory=Spent)

    @property
    def name(self) -> str:
        """Address and model name."""
        return self.subject.name

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """As ``ClosedSubject.generate``.

        Raises:
            CasebackError: all of it would not fit into what is left, or as ``ClosedSubject.generate`` does.
        """
        room = None if self.requests is None else self.requests - self.spent.requests
        if room is not None and len(chats) > room:
            raise CasebackError(f"the budget has {room} requests left, and this takes {len(chats)}")
        least = len(chats) * sampling.max_new_tokens
        left = None if self.tokens is None else self.tokens - self.spent.tokens
        if left is not None and least > left:
            raise CasebackError(f"the budget has {left} tokens left, and this may take {least} and more")
        usage = self.subject.usage
        before = usage.requests, usage.prompt_tokens + usage.reply_tokens
        try:
            return self.subject.generate(chats, sampling, seeds=seeds, progress=progress)
        finally:
            self.spent.requests += usage.requests - before[0]
            self.spent.tokens += usage.prompt_tokens + usage.reply_tokens - before[1]
