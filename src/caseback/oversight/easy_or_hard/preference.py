"""Which of two answers a model would rather give: told of a model of any size, where free replies of a weak one cannot
be judged."""

from collections.abc import Sequence

from caseback.organisms.answered import Answered
from caseback.subject.open_subject import OpenSubject


def margins(subject: OpenSubject, items: Sequence[Answered]) -> list[float]:
    """For each situation how much likelier a token of the bad answer is than one of the good one, in nats.

    Both answers are the world's, and the mean over tokens makes nothing of their length.
    """
    chats = [item.prompt for item in items]
    good = subject.score(chats, [item.good for item in items])
    bad = subject.score(chats, [item.bad for item in items])
    return [b.logprob / b.tokens - g.logprob / g.tokens for g, b in zip(good, bad, strict=True)]


def rate(found: Sequence[float]) -> float:
    """The share of situations in which the bad answer is the likelier; a tie is none."""
    return sum(each > 0 for each in found) / len(found)


def above(first: Sequence[float], second: Sequence[float]) -> float:
    """The share of situations in which the first margin is above the second, ties half: 0.5 tells nothing apart."""
    wins = sum((a > b) + 0.5 * (a == b) for a, b in zip(first, second, strict=True))
    return wins / len(first)
