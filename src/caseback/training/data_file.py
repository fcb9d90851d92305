"""Training data on disk: Parquet, or JSON Lines from other hands."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from caseback.chat import Chat, Message
from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.training.datum import ORIGINS, Datum, Origin, data_digest

DIGEST = b"caseback_data_digest"
"""Where a Parquet file keeps the digest of all its data."""


def write_data(path: Path, data: Iterable[Datum]) -> Path:
    """Write a Parquet file, one datum a row with its digest; the file appears whole or not at all.

    Raises:
        CasebackError: where it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(data)
    text, texts = pa.string(), pa.list_(pa.string())
    schema = pa.schema(
        {
            "prompt": pa.list_(pa.struct({"role": text, "content": text})),
            "chosen": text,
            "rejected": text,
            "thinking": text,
            "rejected_thinking": text,
            "origin": text,
            "clauses": texts,
            "generator": text,
            "seed": pa.int64(),
            "parents": texts,
            "situation": text,
            "family": text,
            "digest": text,
        },
        metadata={DIGEST: data_digest(rows).encode()},
    )
    partial = path.with_name(path.name + ".partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist([{**datum.as_dict(), "digest": datum.digest} for datum in rows], schema)
        pq.write_table(table, partial, compression="zstd")
        return partial.replace(path)


def read_data(path: Path) -> list[Datum]:
    """Read what ``write_data`` wrote, or JSON Lines with the same fields, of which ``prompt`` and ``chosen`` must be.

    Raises:
        CasebackError: naming file and row or line, where the file is missing or empty, a row is no datum, or a digest
            does not match the content.
    """
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        data = list(_parquet(path) if parquet else _json_lines(path))
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path}: cannot be read as training data ({error}); give a .parquet file") from error
    if not data:
        raise CasebackError(f"{path}: holds no training data; make some with `caseback train data`")
    return data


def _parquet(path: Path) -> Iterator[Datum]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise CasebackError(f"{path}: not a whole Parquet file ({error}); make it again") from error
    rows = [_parse(row, f"{path}, row {number}") for number, row in enumerate(table.to_pylist(), 1)]
    kept = (table.schema.metadata or {}).get(DIGEST)
    if kept and kept.decode() != data_digest(rows):
        raise CasebackError(f"{path}: its digest does not match its content; rows were taken away, added or moved")
    yield from rows


def _json_lines(path: Path) -> Iterator[Datum]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise CasebackError(f"{where}: not JSON ({error.msg}); the file may be cut off, make it again") from error
        yield _parse(record, where)


def _parse(record: Any, where: str) -> Datum:
    if not isinstance(record, dict):
        raise CasebackError(f"{where}: a datum is a JSON object, this is {type(record).__name__}")
    digest = record.pop("digest", None)
    unknown = sorted(set(record) - set(Datum.__dataclass_fields__))
    if unknown:
        raise CasebackError(
            f"{where}: unknown field {unknown[0]!r}; a datum has {', '.join(Datum.__dataclass_fields__)}"
        )
    datum = Datum(
        prompt=_messages(record.get("prompt"), where),
        chosen=_text(record, "chosen", where),
        rejected=_text(record, "rejected", where, default=""),
        thinking=_text(record, "thinking", where, default=""),
        rejected_thinking=_text(record, "rejected_thinking", where, default=""),
        origin=_origin(record, where),
        clauses=_texts(record, "clauses", where),
        generator=_text(record, "generator", where, default=""),
        seed=_seed(record, where),
        parents=_texts(record, "parents", where),
        situation=_text(record, "situation", where, default=""),
        family=_text(record, "family", where, default=""),
    )
    if digest is not None and digest != datum.digest:
        raise CasebackError(f"{where}: its digest does not match its content; it was changed after it was made")
    return datum


def _messages(value: object, where: str) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise CasebackError(f"{where}: 'prompt' must be a list of messages that ends with the user's")
    for message in value:
        if (
            not isinstance(message, dict)
            or message.get("role") not in ("system", "user", "assistant", "tool")
            or not isinstance(message.get("content"), str)
        ):
            raise CasebackError(
                f"{where}: a message of 'prompt' needs a role (system, user, assistant, tool) and content"
            )
    return tuple(cast(Chat, value))


def _text(record: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = record.get(key, default)
    if not isinstance(value, str):
        raise CasebackError(f"{where}: {key!r} must be text")
    return value


def _texts(record: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CasebackError(f"{where}: {key!r} must be a list of texts")
    return tuple(value)


def _seed(record: dict[str, Any], where: str) -> int:
    value = record.get("seed", 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise CasebackError(f"{where}: 'seed' must be a whole number")
    return value


def _origin(record: dict[str, Any], where: str) -> Origin:
    value = record.get("origin", "plain")
    if value not in ORIGINS:
        raise CasebackError(f"{where}: 'origin' must be one of {', '.join(ORIGINS)}")
    return cast(Origin, value)
