"""A subject that answers from a script, through the interface that every subject has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from caseback.chat import Chat
from caseback.subject.subject import Finish, Reply, Sampling


@dataclass
class Scripted:
    """Answers each chat with what ``say`` makes of it, and keeps the chats it was given."""

    say: Callable[[Chat], str]
    finish: Finish = "stop"
    name: str = "scripted"
    digest: str = "0" * 64
    asked: list[Chat] = field(default_factory=list)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling | None = None,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        self.asked += chats
        if progress:
            progress(len(chats), len(chats))
        return [Reply(text=self.say(chat), finish=self.finish) for chat in chats]
