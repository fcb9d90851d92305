"""Getting replies: in the subject's own words, or, for multiple choice, by the likelihood of each option."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from caseback.chat import Chat
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.situation import Situation


class Scored(Protocol):
    """How likely a continuation is: the sum of natural-logarithm probabilities of its tokens."""

    @property
    def logprob(self) -> float: ...


@runtime_checkable
class Scores(Protocol):
    """A subject that tells how likely it finds given replies."""

    def score(self, chats: Sequence[Chat], continuations: Sequence[str]) -> Sequence[Scored]:
        """One score per continuation, each as the beginning of the reply to its chat."""
        ...


def answer(
    subject: Subject,
    situations: Sequence[Situation],
    sampling: Sampling,
    *,
    seeds: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Reply]:
    """One reply per situation.

    Where all situations list ``options`` among their latents and the subject has ``score``, the reply is the option it
    finds likeliest (the sum of its log-probabilities; the first of equals), as in the evaluations of Perez et al. 2022
    (arXiv 2212.09251). Otherwise the subject writes its own.
    """
    chats = [situation.messages for situation in situations]
    options: list[Sequence[str]] = [situation.latents.get("options", ()) for situation in situations]
    if not all(options) or not isinstance(subject, Scores):
        return subject.generate(chats, sampling, seeds=seeds, progress=progress)
    replies: list[Reply] = []
    for chat, choices in zip(chats, options, strict=True):
        scores = [scored.logprob for scored in subject.score([chat] * len(choices), list(choices))]
        best = max(range(len(choices)), key=scores.__getitem__)
        replies.append(Reply(text=choices[best], logprobs=(scores[best],)))
        if progress:
            progress(len(replies), len(chats))
    return replies
