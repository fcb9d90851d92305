"""Who may come in: a one-time link, a password, and sessions that end."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LASTS = 12 * 3600.0
"""Seconds that a session lasts."""
TRIES, WINDOW = 10, 60.0
"""Wrong passwords in so many seconds, after which none is looked at for a while. Links are not counted: nobody guesses
192 random bits, and any page can make a browser ask for one."""


@dataclass(frozen=True)
class Session:
    """A person who came in. ``csrf`` stands in every form of theirs, and no other page knows it."""

    id: str
    csrf: str
    until: float


@dataclass
class Door:
    """The door of one studio.

    Attributes:
        password: Opens it at any time; None where only the link does.
        link: Opens it once; empty once used.
        clock: Seconds.
    """

    password: str | None = None
    link: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    clock: Callable[[], float] = time.monotonic
    sessions: dict[str, Session] = field(default_factory=dict)
    wrong: list[float] = field(default_factory=list)

    def by_link(self, token: str) -> Session | None:
        """A session for who has the link, which is used up; None otherwise."""
        if not self.link or not _same(token, self.link):
            return None
        self.link = ""
        return self._enter()

    def by_password(self, given: str) -> Session | None:
        """A session for who knows the password; None otherwise, and after too many tries."""
        if self.shut():
            return None
        if self.password is None or not _same(given, self.password):
            self.wrong.append(self.clock())
            return None
        return self._enter()

    def shut(self) -> bool:
        """Whether too many wrong passwords were given just now."""
        self.wrong = [when for when in self.wrong if when > self.clock() - WINDOW]
        return len(self.wrong) >= TRIES

    def session(self, id: str) -> Session | None:
        """The session with this id, unless it ended."""
        found = self.sessions.get(id)
        if found is not None and found.until <= self.clock():
            self.leave(id)
            return None
        return found

    def leave(self, id: str) -> None:
        """Ends a session."""
        self.sessions.pop(id, None)

    def _enter(self) -> Session:
        self.sessions = {id: each for id, each in self.sessions.items() if each.until > self.clock()}
        session = Session(secrets.token_urlsafe(24), secrets.token_urlsafe(24), self.clock() + LASTS)
        self.sessions[session.id] = session
        return session


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), kept.encode())
