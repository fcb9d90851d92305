"""Subjects play offices: a turn of all that are not over in one batch, until all are over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from caseback.chat import Chat, Message
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.office.offices import as_chat, opening
from caseback.world.office.state import Office
from caseback.world.office.step import step


@dataclass(frozen=True)
class Played:
    """An office that was played: how it began and ended, and what was said, thought and seen in each turn.

    ``stopped`` says why it ended before it was over: a reply that never came; empty otherwise. ``opened`` is the chat
    before the first turn where it is not the office's own, because something was put around it.
    """

    begun: Office
    ended: Office
    replies: tuple[Reply, ...]
    seen: tuple[str, ...]
    stopped: str = ""
    opened: tuple[Message, ...] = ()

    @property
    def chat(self) -> list[Message]:
        """The whole conversation."""
        turns = [(reply.text, seen) for reply, seen in zip(self.replies, self.seen, strict=True)]
        return as_chat(self.opened or opening(self.begun), turns)


def play(
    subject: Subject,
    offices: Sequence[Office],
    sampling: Sampling = Sampling(max_new_tokens=96),  # noqa: B008
    *,
    seed: int = 0,
    seeds: Sequence[int] | None = None,
    openings: Sequence[Chat] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Played]:
    """Every office played to its end, in order. Drawn replies differ by office, turn and ``seed``.

    Args:
        seeds: one per office, in place of those that follow from ``seed`` and its place.
        openings: the chat before the first turn, one per office; by default its own ``opening``.
        progress: called with (offices that are over, offices in all) after each turn.
    """
    own = [seed * len(offices) + i for i in range(len(offices))] if seeds is None else seeds
    chats = openings or [()] * len(offices)
    played = [Played(office, office, (), (), opened=tuple(chat)) for office, chat in zip(offices, chats, strict=True)]
    while open_still := [i for i, one in enumerate(played) if not one.ended.over and not one.stopped]:
        # A seed of its own for each office and turn, whichever others are still open.
        turn_seeds = [own[i] * 1_000 + len(played[i].replies) for i in open_still]
        replies = subject.generate([played[i].chat for i in open_still], sampling, seeds=turn_seeds)
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
        return replace(played, stopped=reply.error)
    ended, seen = step(played.ended, reply.text)
    return replace(played, ended=ended, replies=(*played.replies, reply), seen=(*played.seen, seen))
