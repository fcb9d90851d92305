"""What ``caseback watch`` is told: one TOML file, read by the gateway and by the writer.

Paths in it start from the folder that the file lies in. A field that nobody knows is an error, so that a misspelt limit
is no missing limit.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from urllib.parse import urlsplit

from caseback.errors import CasebackError
from caseback.watch.store.opening import POSTGRES
from caseback.watch.verdict import Policy

if TYPE_CHECKING:  # detectors load torch, which a gateway that scores nothing itself does without
    from caseback.watch.watching import Watching

OTHERS = ("retention", "privacy", "writer", "rates", "alerts", "incidents", "serving", "studio")
"""Tables that are not read here but by the package of that name; they are in ``Configuration.others`` as they stand."""
LARGEST = 1 << 27
"""Bytes of a request and what is kept of its answer together: 128 MiB, half of what the journal reads."""


@dataclass(frozen=True)
class Limits:
    """What the gateway takes and waits for.

    Attributes:
        body_bytes: Of a request.
        kept_bytes: Of an answer that are written down; what is longer passes all the same, and is said to be cut.
        messages: Of a request.
        in_flight: Requests at once.
        upload_seconds: For a client to send its request.
        connect_seconds: For the upstream to take a connection.
        idle_seconds: Without a byte from the upstream, or taken by the client.
        seconds: For all of an exchange.
        drain_seconds: For exchanges under way when the gateway is told to end.
    """

    body_bytes: int = 1 << 25
    kept_bytes: int = 1 << 23
    messages: int = 5_000
    in_flight: int = 1_000
    upload_seconds: float = 60.0
    connect_seconds: float = 10.0
    idle_seconds: float = 120.0
    seconds: float = 900.0
    drain_seconds: float = 30.0


@dataclass(frozen=True)
class Inline:
    """How detectors that hold or stop a reply are asked before the client has it.

    Attributes:
        characters: Of a stream that are read at a time; none of them leaves unread.
        milliseconds: That a detector has for each reading, with the wait for a thread; one that takes longer has no
            say, and that is counted.
        threads: Detectors that run at once.
    """

    characters: int = 200
    milliseconds: float = 200.0
    threads: int = 4


@dataclass(frozen=True)
class Wanted:
    """A detector to watch with: the threshold for a rate of false positives, by default its first, or one given."""

    folder: Path
    policy: Policy
    false_positives: float | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Configuration:
    """All of it.

    Attributes:
        file: Where it was read.
        host: Address to listen on.
        port: 0 for a free one.
        share_port: Whether several gateways may listen there together.
        upstream: The server that stands behind, without ``/v1``; empty in embedded mode.
        upstream_key: Environment variable with the key for it; empty where it wants none.
        model: Folder or name of a model that is served here; empty in front of an upstream.
        folder: Of the journal, of held replies, and of the store where it is no database.
        store: A folder, or an address that begins with ``postgresql://``.
        keys: File with the clients' keys; None for a gateway that only this machine may use.
        origins: Web pages that may use the gateway, such as ``https://chat.example.org``.
        detectors: In order.
        others: Tables that other packages read.
    """

    file: Path
    host: str
    port: int
    upstream: str
    model: str
    folder: Path
    store: str
    keys: Path | None = None
    share_port: bool = False
    upstream_key: str = ""
    origins: tuple[str, ...] = ()
    limits: Limits = Limits()
    inline: Inline = Inline()
    detectors: tuple[Wanted, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def journal(self) -> Path:
        """The journal's folder."""
        return self.folder / "journal"

    @property
    def held(self) -> Path:
        """The folder of replies that wait for a person."""
        return self.folder / "held"


_Numbers = TypeVar("_Numbers", Limits, Inline)


def read_configuration(file: Path) -> Configuration:
    """The configuration in a file.

    Raises:
        CasebackError: it cannot be read, or a field is wrong: with file, field, value and remedy.
    """
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasebackError(
            f"{file}: cannot be read ({error.strerror}); write one, or give --upstream and --detector instead"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CasebackError(f"{file}: no TOML ({error}); mend that line") from None
    table = _Table(file, "", given)
    table.known("listen", "share_port", "upstream", "upstream_key", "model", "folder", "store", "keys", "origins",
                "limits", "inline", "detector", *OTHERS)  # fmt: skip
    here = file.parent
    host, port = _listen(table)
    upstream, model = table.text("upstream").rstrip("/").removesuffix("/v1"), table.text("model")
    if bool(upstream) == bool(model):
        raise table.wrong("upstream", upstream, "give either an upstream or a model, and not both")
    folder = here / table.text("folder", "watched")
    keys = table.text("keys")
    store = table.text("store")
    return Configuration(
        file=file,
        host=host,
        port=port,
        share_port=table.truth("share_port"),
        upstream=_address(table, upstream),
        upstream_key=table.text("upstream_key"),
        model=str(here / model) if model and (here / model).is_dir() else model,
        folder=folder,
        store=store if store.startswith(POSTGRES) else str(here / store if store else folder / "store"),
        keys=here / keys if keys else None,
        origins=_origins(table),
        limits=_limits(table),
        inline=_numbers(table.under("inline"), Inline()),
        detectors=tuple(_wanted(each, here) for each in table.tables("detector")),
        others={name: given[name] for name in OTHERS if name in given},
    )


def watching(wanted: Wanted, file: Path) -> "Watching":
    """The detector, loaded, with its threshold.

    Raises:
        CasebackError: it cannot be read, reads no text alone, or has no such threshold.
    """
    from caseback.detectors.files import detector_id, load_detector
    from caseback.detectors.known import threshold_for
    from caseback.watch.watching import Watching

    try:
        detector = load_detector(wanted.folder)
        limit = wanted.threshold
        if limit is None:
            limit = threshold_for(detector.name, detector.known.calibration, wanted.false_positives).value
    except CasebackError as error:
        raise CasebackError(f"{file}: detector {wanted.folder}: {error}") from None
    return Watching(detector, detector_id(detector), wanted.policy, limit)


class _Table:
    """A table of the file; every error names file, field, value and remedy."""

    def __init__(self, file: Path, name: str, given: Mapping[str, Any]) -> None:
        self.file, self.name, self.given = file, name, given

    def wrong(self, key: str, value: Any, remedy: str) -> CasebackError:
        where = f"{self.name}.{key}" if self.name else key
        return CasebackError(f"{self.file}: {where} is {value!r:.80}: {remedy}")

    def known(self, *names: str) -> None:
        for key in self.given:
            if key not in names:
                raise self.wrong(key, self.given[key], f"no such field; there are {', '.join(names)}")

    def text(self, key: str, default: str = "") -> str:
        value = self.given.get(key, default)
        if not isinstance(value, str) or not value.isprintable():
            raise self.wrong(key, value, "it must be text of one line")
        return value

    def truth(self, key: str) -> bool:
        value = self.given.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "it must be true or false")
        return value

    def number(self, key: str, default: float | None, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self.given.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, value, f"it must be a number from {low:g} to {high:g}")
        return value

    def under(self, key: str) -> "_Table":
        value = self.given.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, value, f"it must be a table, [{key}]")
        return _Table(self.file, key, value)

    def tables(self, key: str) -> list["_Table"]:
        value = self.given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(key, value, f"each must be a table of its own, [[{key}]]")
        return [_Table(self.file, f"{key} {at + 1}", each) for at, each in enumerate(value)]


def _listen(table: _Table) -> tuple[str, int]:
    value = table.text("listen", "127.0.0.1:8100")
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise table.wrong("listen", value, "it must be host:port, as 127.0.0.1:8100")
    return host, int(port)


def _address(table: _Table, value: str) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise table.wrong("upstream", value, f"it is no address ({error})") from None
    if parts.username is not None or parts.password is not None:
        raise CasebackError(
            f"{table.file}: upstream holds a user or password: put the key into an environment variable, and name that "
            "as upstream_key"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise table.wrong("upstream", value, "it must be an address such as http://127.0.0.1:8000")
    return value


def _origins(table: _Table) -> tuple[str, ...]:
    value = table.given.get("origins", [])
    if not isinstance(value, list) or not all(isinstance(each, str) and "://" in each for each in value):
        raise table.wrong("origins", value, 'it must be a list such as ["https://chat.example.org"]')
    return tuple(value)


def _limits(table: _Table) -> Limits:
    found = _numbers(table.under("limits"), Limits())
    if found.body_bytes + found.kept_bytes > LARGEST:
        raise table.wrong("limits.body_bytes", found.body_bytes, f"with kept_bytes it may be {LARGEST} at most")
    return found


def _numbers(table: _Table, default: _Numbers) -> _Numbers:
    """Fields that are all numbers above 0, those that are whole by default whole."""
    table.known(*(each.name for each in fields(default)))
    found: dict[str, Any] = {}
    for each in fields(default):
        usual = getattr(default, each.name)
        value = table.number(each.name, usual, 1 if isinstance(usual, int) else 0.001, 1e9)
        if isinstance(usual, int) and not isinstance(value, int):
            raise table.wrong(each.name, value, "it must be a whole number")
        found[each.name] = value
    return type(default)(**found)


def _wanted(table: _Table, here: Path) -> Wanted:
    table.known("folder", "policy", "false_positives", "threshold")
    folder, policy = table.text("folder"), table.text("policy", "flag")
    if not folder:
        raise table.wrong("folder", folder, "name the detector's folder")
    if policy not in get_args(Policy):
        raise table.wrong("policy", policy, f"it must be one of {', '.join(get_args(Policy))}")
    rate = table.number("false_positives", None, 0.0, 1.0)
    threshold = table.number("threshold", None)
    if rate is not None and threshold is not None:
        raise table.wrong("threshold", threshold, "give a threshold or a rate of false positives, not both")
    return Wanted(here / folder, policy, rate, threshold)  # type: ignore[arg-type]  # it is one of them
