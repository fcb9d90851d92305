"""Who asks: the key that came with a request, and whether it may ask now."""

import sys
import time
from pathlib import Path

from caseback.errors import CasebackError
from caseback.watch.gateway.keys import Key, Keys, read_keys
from caseback.watch.gateway.refused import RefusedError

LOCAL = Key("local", "", "", "", 0.0, scores=True, metrics=True)
"""Whoever is on this machine, where there are no keys."""
HOSTS = ("127.0.0.1", "localhost", "[::1]", "::1")


class Bucket:
    """Requests that a client may make: as many as a minute's at once, and then as they drip in."""

    def __init__(self, per_minute: float, now: float) -> None:
        self.most, self.rate = max(per_minute, 1.0), per_minute / 60
        self.left, self.at = self.most, now

    def wait(self, now: float) -> float:
        """Takes one and returns 0; or the seconds until there is one."""
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1.0:
            return (1.0 - self.left) / self.rate
        self.left -= 1.0
        return 0.0


class Clients:
    """The clients of a gateway; without a file of keys, whoever is on this machine."""

    def __init__(self, file: Path | None) -> None:
        """Reads the keys.

        Raises:
            CasebackError: they cannot be read.
        """
        self._file, self._seen = file, self._mark(file)
        self._keys = Keys(read_keys(file)) if file else None
        self._buckets: dict[str, Bucket] = {}

    @staticmethod
    def _mark(file: Path | None) -> tuple[int, ...]:
        try:
            found = file.stat() if file else None
        except OSError:
            return ()
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found else ()

    def refresh(self) -> None:
        """Reads the file again where it changed. One that cannot be read leaves the keys as they were, and says so."""
        if self._file is None or (mark := self._mark(self._file)) == self._seen:
            return
        self._seen = mark
        try:
            self._keys = Keys(read_keys(self._file))
        except CasebackError as error:
            print(f"caseback: {error}; the keys read before stay in force", file=sys.stderr, flush=True)

    def who(self, authorization: bytes, host: bytes) -> Key:
        """Whose request it is.

        Raises:
            RefusedError: nobody's, or, where there are no keys, one that came under a foreign name.
        """
        if self._keys is None:
            name = host.decode("latin-1").lower()
            name = name if name.endswith("]") else name.rpartition(":")[0] or name
            if name not in HOSTS:
                raise RefusedError(403, "foreign_host", f"asked for under a foreign name (Host: {name[:80]})")
            return LOCAL
        kind, _, given = authorization.decode("latin-1").partition(" ")
        key = self._keys.owner(given.strip()) if kind.lower() == "bearer" else None
        if key is None:
            said = "no key" if not authorization else "a key that is wrong or was revoked"
            raise RefusedError(
                401, "invalid_api_key", f"{said}: send Authorization: Bearer cb-…", (b"www-authenticate", b"Bearer")
            )
        return key

    def admit(self, key: Key) -> None:
        """Counts a request.

        Raises:
            RefusedError: too many came.
        """
        if key.per_minute is None:
            return
        now = time.monotonic()
        bucket = self._buckets.get(key.id)
        if bucket is None or bucket.rate != key.per_minute / 60:
            bucket = self._buckets[key.id] = Bucket(key.per_minute, now)
        if wait := bucket.wait(now):
            seconds = max(1, round(wait + 0.5))
            raise RefusedError(
                429, "rate_limit_exceeded", f"{key.per_minute:g} requests a minute are allowed: wait {seconds} s",
                (b"retry-after", str(seconds).encode()),
            )  # fmt: skip
