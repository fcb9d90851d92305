"""Getting replies: in the subject's own words, or, for multiple choice, by the likelihood of each option."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from caseback.chat import Chat
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.situation import Situation


@runtime_checkable
class Scores(Protocol):
    """A subject that tells how likely it finds given answers."""

    def score(self, chats: Sequence[Chat], completions: Sequence[str]) -> list[float]:
        """The sum of natural-logarithm probabilities of each completion, given its chat."""
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
    finds likeliest (the sum of its log-probabilities; the first of equals), as in lm-evaluation-harness and the
    evaluations of Perez et al. 2022 (arXiv 2212.09251). Otherwise the subject writes its own.
    """
    chats = [situation.messages for situation in situations]
    options = [situation.latents.get("options") for situation in situations]
    if not all(options) or not isinstance(subject, Scores):
        return subject.generate(chats, sampling, seeds=seeds, progress=progress)
    rows = [(chat, option) for chat, choices in zip(chats, options, strict=True) for option in choices or ()]
    scores = iter(subject.score([chat for chat, _ in rows], [option for _, option in rows]))
    if progress:
        progress(len(chats), len(chats))
    replies = []
    for choices in options:
        by_option = {option: next(scores) for option in choices or ()}
        best = max(by_option, key=lambda option: by_option[option])
        replies.append(Reply(text=best.strip(), logprobs=(by_option[best],)))
    return replies
