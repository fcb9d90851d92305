"""Sealed segments: closed hours or days of exchanges as Parquet, whose digests a chained manifest holds.

Scores stay there for as long as anybody wants them; texts are in a file of their own, which is written anew when one of
them is deleted. What arrives late, after its hour was sealed, goes into one more segment of that hour. What the
manifest names is on the disk before it does, so that no power cut takes it away.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caseback.dossier.disk import synced, writing
from caseback.errors import CasebackError
from caseback.watch.store import manifest
from caseback.watch.store.chunked import chunked
from caseback.watch.store.claim import locked
from caseback.watch.store.holds import HELD, held
from caseback.watch.store.manifest import File, Line
from caseback.watch.store.store import Row, Store, Value

DAY = 86400.0
ROWS = 5_000
"""Exchanges that are in memory at once."""
BEGUN = ".begun"
EXCHANGES = (
    "SELECT number, id, time, gateway, client, trace, agent, path, model, status, ended, finish, streamed, messages,"
    " prompt_tokens, reply_tokens, first_ms, total_ms, unread, flags FROM exchanges WHERE number IN ({marks})"
    " ORDER BY number"
)
VERDICTS = (
    "SELECT verdicts.exchange AS exchange, digest, name, verdicts.policy AS policy, verdicts.threshold AS threshold,"
    " score, why, flagged, member, microseconds, width, scores, spans FROM verdicts"
    " JOIN detectors ON detectors.number = verdicts.detector LEFT JOIN token_scores"
    " ON token_scores.exchange = verdicts.exchange AND token_scores.detector = verdicts.detector"
    " WHERE verdicts.exchange IN ({marks}) ORDER BY verdicts.exchange, name, digest"
)
TEXTS = (
    "SELECT texts.exchange AS exchange, exchanges.id AS id, texts.messages AS messages, masked, expires FROM texts"
    " JOIN exchanges ON exchanges.number = texts.exchange WHERE texts.exchange IN ({marks}) ORDER BY texts.exchange"
)
TABLES = {"exchanges": EXCHANGES, "verdicts": VERDICTS, "texts": TEXTS}
TEXT_FILE = "texts.parquet"


def seal(
    store: Store, folder: Path, *, before: float, width: float = DAY, now: Callable[[], float] = time.time
) -> list[Line]:
    """Seals what lies in hours or days (``width`` seconds) that were over at ``before``; the new segments.

    Killed anywhere, it goes on the next time; nothing is sealed twice.

    Raises:
        CasebackError: pyarrow is not installed, the manifest was tampered with, another process works on these
            segments, or nothing can be written there.
    """
    _arrow()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(store, folder):
        periods = _periods(store, before // width * width, width)
        return [_sealed(store, folder, begun, width, now()) for begun in periods]


def _sealed(store: Store, folder: Path, begun: float, width: float, now: float) -> Line:
    number = max(manifest.latest(manifest.lines(folder)), default=0) + 1
    rows = store.query(
        "SELECT number FROM exchanges WHERE segment IS NULL AND time >= ? AND time < ? ORDER BY number",
        [begun, begun + width],
    )
    numbers = [int(row["number"]) for row in rows]
    part = folder / f".{number:06d}{BEGUN}"
    shutil.rmtree(part, ignore_errors=True)
    with writing(part):
        part.mkdir()
        files = {
            f"{name}.parquet": _write(store, sql, numbers, part / f"{name}.parquet") for name, sql in TABLES.items()
        }
        synced(part)
        part.replace(place(folder, number))
        synced(folder)
    previous = [line.id for line in manifest.lines(folder)][-1:] or [""]
    line = manifest.append(folder, Line(number, begun, begun + width, files, now, "sealed", previous[0]))
    _mark(store, line, numbers)
    return line


@contextmanager
def _alone(store: Store, folder: Path) -> Iterator[None]:
    """The segments, as they were before whoever was killed there, while nobody else changes them."""
    with locked(folder / ".writer", f"folder of segments {folder}"):
        manifest.mend(folder)
        recover(store, folder)
        yield


def place(folder: Path, number: int) -> Path:
    """Where the files of a segment lie."""
    return folder / f"{number:06d}"


def recover(store: Store, folder: Path) -> None:
    """Brings to its end what a killed process had begun.

    Raises:
        CasebackError: the manifest was tampered with.
    """
    known = {int(row["number"]): row["digest"] for row in store.query("SELECT number, digest FROM segments")}
    found = manifest.latest(manifest.lines(folder))
    for number, line in found.items():
        texts = place(folder, number) / TEXT_FILE
        begun = texts.with_suffix(BEGUN)
        if begun.exists():
            if manifest.file_of(begun, 0).sha256 == line.files[TEXT_FILE].sha256:
                begun.replace(texts)
            else:
                begun.unlink()
        if known.get(number) != line.id:
            import pyarrow.parquet as pq

            table = pq.read_table(place(folder, number) / "exchanges.parquet", columns=["number"])
            _mark(store, line, [] if number in known else table["number"].to_pylist())
    for path in folder.glob("[0-9]" * 6):
        if int(path.name) not in found:
            shutil.rmtree(path)


def verify(folder: Path, store: Store | None = None) -> list[str]:
    """What is wrong with the segments, a line each; empty where all is as it was sealed.

    With the store, which knows the last line of each segment, it is seen too where the manifest's end was cut off.
    """
    try:
        found = manifest.lines(folder)
    except CasebackError as error:
        return [str(error)]
    wrong = []
    for number, line in sorted(manifest.latest(found).items()):
        for name, file in line.files.items():
            path = place(folder, number) / name
            if not path.exists():
                wrong.append(f"{path}: missing; it was sealed with {file.rows} rows")
            elif manifest.file_of(path, file.rows).sha256 != file.sha256:
                wrong.append(f"{path}: changed since it was sealed")
    if store is not None:
        own = manifest.latest(found)
        for row in store.query("SELECT number, digest FROM segments ORDER BY number"):
            last = own.get(int(row["number"]))
            if last is None or last.id != row["digest"]:
                wrong.append(
                    f"{folder / manifest.NAME}: the line of segment {row['number']} is missing or is not the last"
                )
    return wrong


def delete_sealed_texts(
    store: Store, folder: Path, which: Callable[[Row], bool], *, rule: str, now: float
) -> tuple[int, int]:
    """Deletes texts from segments, but for those that are held: how many, and how many were held.

    ``which`` is given rows with ``id``, ``exchange`` and ``expires``. The file is written anew, the manifest says so,
    and a tombstone says what it was.

    Raises:
        CasebackError: the manifest was tampered with, another process works on these segments, or pyarrow is not
            installed.
    """
    _arrow()
    with _alone(store, folder):
        done = [
            _without(store, folder, line, which, rule, now)
            for _, line in sorted(manifest.latest(manifest.lines(folder)).items())
        ]
    return sum(deleted for deleted, _ in done), sum(kept for _, kept in done)


def _without(
    store: Store, folder: Path, line: Line, which: Callable[[Row], bool], rule: str, now: float
) -> tuple[int, int]:
    """Deletes from one segment."""
    arrow, pq = _arrow()
    path = place(folder, line.number) / TEXT_FILE
    table = pq.read_table(path)
    rows = table.select(["id", "exchange", "expires"]).to_pylist()
    due = [at for at, row in enumerate(rows) if which(row)]
    kept = held(store, [rows[at]["id"] for at in due])
    gone = {at for at in due if rows[at]["id"] not in kept}
    if not gone:
        return 0, len(due)
    messages = table["messages"].to_pylist()
    begun = path.with_suffix(BEGUN)
    with writing(path):
        pq.write_table(
            table.filter(arrow.array([at not in gone for at in range(len(rows))])), begun, compression="zstd"
        )
        synced(begun)
        synced(path.parent)
    with store.transaction(durable=True):
        store.many(
            "INSERT INTO tombstones (exchange, place, what, time, rule, digest) VALUES (?, ?, 'text', ?, ?, ?)"
            " ON CONFLICT (exchange, place, what) DO NOTHING",
            [
                (rows[at]["id"], f"segment {line.number}", now, rule, hashlib.sha256(messages[at].encode()).hexdigest())
                for at in sorted(gone)
            ],
        )
    previous = manifest.lines(folder)[-1].id
    files = {**line.files, TEXT_FILE: manifest.file_of(begun, len(rows) - len(gone))}
    new = manifest.append(folder, Line(line.number, line.begun, line.ended, files, now, rule, previous))
    begun.replace(path)
    _mark(store, new, [])
    return len(gone), len(due) - len(gone)


def sealed_elsewhere(store: Store, folder: Path, ids: Sequence[str]) -> list[str]:
    """Those of the exchanges whose sealed text is not deleted, and not in this folder.

    Held ones are left out, and those of which no text was ever kept.
    """
    here = manifest.latest(manifest.lines(folder))
    found: list[str] = []
    for chunk, marks in chunked(ids):
        rows = store.query(
            f"SELECT id, segment FROM exchanges WHERE id IN ({marks}) AND segment IS NOT NULL AND NOT {HELD}"
            " AND NOT EXISTS (SELECT 1 FROM tombstones WHERE tombstones.exchange = exchanges.id"
            " AND place = 'segment ' || exchanges.segment)"
            " AND (EXISTS (SELECT 1 FROM texts WHERE texts.exchange = exchanges.number)"
            " OR EXISTS (SELECT 1 FROM tombstones WHERE tombstones.exchange = exchanges.id)) ORDER BY number",
            chunk,
        )
        found += [row["id"] for row in rows if int(row["segment"]) not in here]
    return found


def expire_sealed(store: Store, folder: Path, now: float) -> tuple[int, int]:
    """Deletes the sealed texts whose time is over and that are not held: how many, and how many were held."""
    rule = "retention: its days were over"
    return delete_sealed_texts(
        store, folder, lambda row: row["expires"] is not None and row["expires"] <= now, rule=rule, now=now
    )


def _periods(store: Store, end: float, width: float) -> list[float]:
    """Beginnings of the hours or days before ``end`` in which something is not sealed."""
    found: list[float] = []
    after = float("-inf")
    while True:
        [row] = store.query(
            "SELECT MIN(time) AS time FROM exchanges WHERE segment IS NULL AND time >= ? AND time < ?",
            [max(after, -1e300), end],
        )
        if row["time"] is None:
            return found
        found.append(row["time"] // width * width)
        after = found[-1] + width


def _write(store: Store, sql: str, numbers: Sequence[int], path: Path) -> File:
    arrow, pq = _arrow()
    schema = schema_of(path.stem)
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for at in range(0, len(numbers), ROWS):
            found = list(rows_of(store, sql, numbers[at : at + ROWS]))
            rows += len(found)
            writer.write_table(arrow.Table.from_pylist(found, schema=schema))
    synced(path)
    return manifest.file_of(path, rows)


def rows_of(store: Store, sql: str, numbers: Sequence[int]) -> Iterator[Row]:
    """Rows of a statement of ``TABLES`` for exchanges of these numbers."""
    for chunk, marks in chunked(numbers):
        yield from store.query(sql.format(marks=marks), chunk)


def schema_of(name: str) -> Any:
    """The columns of a table, as Parquet has them."""
    arrow, _ = _arrow()
    integers = {"number", "exchange", "status", "streamed", "messages", "prompt_tokens", "reply_tokens", "flags",
                "flagged", "width", "masked"}  # fmt: skip
    floats = {"time", "first_ms", "total_ms", "threshold", "score", "microseconds", "expires"}
    columns: Mapping[str, str] = {
        "exchanges": "number id time gateway client trace agent path model status ended finish streamed messages"
        " prompt_tokens reply_tokens first_ms total_ms unread flags",
        "verdicts": "exchange digest name policy threshold score why flagged member microseconds width scores spans",
        "texts": "exchange id messages masked expires",
    }
    kinds = []
    for column in columns[name].split():
        text = name == "texts" and column == "messages"
        kind = (
            arrow.int64()
            if column in integers and not text
            else arrow.float64()
            if column in floats
            else arrow.string()
        )
        kinds.append((column, arrow.binary() if column == "scores" else kind))
    return arrow.schema(kinds)


def _mark(store: Store, line: Line, numbers: Sequence[int]) -> None:
    """Says in the store what is sealed."""
    values: list[Value] = [line.number, line.begun, line.ended, line.files["exchanges.parquet"].rows, line.id]
    with store.transaction(durable=True):
        store.execute(
            "INSERT INTO segments (number, begun, ended, exchanges, digest) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET digest = excluded.digest",
            values,
        )
        store.many("UPDATE exchanges SET segment = ? WHERE number = ?", [(line.number, each) for each in numbers])


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise CasebackError("sealed segments need pyarrow: pip install 'caseback[lake]'") from None
    return pyarrow, pyarrow.parquet
