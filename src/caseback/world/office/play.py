"""Subjects play offices: a turn of all that are not over in one batch, until all are over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseback.chat import Message
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.office.offices import as_chat
from caseback.world.office.state import Office
from caseback.world.office.step import step


@dataclass(frozen=True)
class Played:
    """An office that was played: how it began and ended, and what was said, thought and seen in each turn.

    ``stopped`` says why it ended before it was over: a reply that never came; empty otherwise.
    """

    begun: Office
    ended: Office
    replies: tuple[Reply, ...]
    seen: tuple[str, ...]
    stopped: str = ""

    @property
    def chat(self) -> list[Message]:
        """The whole conversation."""
        return as_chat(self.begun, [(reply.text, seen) for reply, seen in zip(self.replies, self.seen, strict=True)])


def play(
    subject: Subject,
    offices: Sequence[Office],
    sampling: Sampling = Sampling(max_new_tokens=96),  # noqa: B008
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Played]:
    """Every office played to its end, in order. Drawn replies differ by office, turn and ``seed``.

    Args:
        progress: called with (offices that are over, offices in all) after each turn.
    """
    played = [Played(office, office, (), ()) for office in offices]
    while open_still := [i for i, one in enumerate(played) if not one.ended.over and not one.stopped]:
        # A seed of its own for each office and turn, whichever others are still open.
        seeds = [(seed * len(offices) + i) * 1_000 + len(played[i].replies) for i in open_still]
        replies = subject.generate([played[i].chat for i in open_still], sampling, seeds=seeds)
        for i, reply in zip(open_still, replies, strict=True):
            played[i] = _after(played[i], reply)
        if progress:
            progress(sum(one.ended.over or bool(one.stopped) for one in played), len(played))
    return played


def by_script(office: Office, turns: Sequence[str]) -> Played:
    """The office played by what is to be said in each turn."""
    played = Played(office, office, (), ())
    for said in turns:
        if played.ended.over:
            break
        played = _after(played, Reply(said))
    return played


def _after(played: Played, reply: Reply) -> Played:
    if reply.finish == "error":
        return Played(played.begun, played.ended, played.replies, played.seen, reply.error)
    ended, seen = step(played.ended, reply.text)
    return Played(played.begun, ended, (*played.replies, reply), (*played.seen, seen))
