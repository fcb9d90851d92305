"""Documents from a file: texts or chats of the user's own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.interp.store.document import Document, of_chats, of_texts
from caseback.subject.open_subject import OpenSubject

KINDS = (".txt", ".jsonl", ".parquet")


def of_file(subject: OpenSubject, path: Path, *, limit: int | None = None) -> Iterator[Document]:
    """Documents of a corpus, read as they are needed.

    ``.txt``: a text a line. ``.jsonl`` and ``.parquet``: records with ``text``, or with ``messages`` (chats in OpenAI
    form); ``id`` and ``latents`` may stand beside them.

    Raises:
        CasebackError: naming the file and the record: it is missing, of another kind, or has neither field.
    """
    if path.suffix not in KINDS:
        raise CasebackError(f"{path}: a corpus is a file that ends with {', '.join(KINDS)}")
    if not path.is_file():
        raise CasebackError(f"there is no file {path}")
    if path.suffix == ".txt":
        return of_texts(subject, _lines(path), limit=limit)
    return _of_records(subject, path, limit)


def _of_records(subject: OpenSubject, path: Path, limit: int | None) -> Iterator[Document]:
    for number, record in enumerate(_jsonl(path) if path.suffix == ".jsonl" else _parquet(path)):
        name, latents = str(record.get("id") or f"record {number}"), record.get("latents") or {}
        if isinstance(text := record.get("text"), str):
            for made in of_texts(subject, [text], limit=limit):
                yield Document(made.id.replace("text 0", name), made.ids, latents)
        elif isinstance(chat := record.get("messages"), list):
            try:
                yield from of_chats(subject, [(name, chat, latents)], limit=limit)
            except CasebackError as error:
                raise CasebackError(f"{path}, record {number}: {error}") from None
        else:
            raise CasebackError(f"{path}, record {number} has neither text nor messages")


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from (line.rstrip("\n") for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path} cannot be read ({error}); save it as UTF-8 text") from None


def _jsonl(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(_lines(path)):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise CasebackError(f"{path}, record {number} is not JSON ({error})") from None
        if not isinstance(record, dict):
            raise CasebackError(f"{path}, record {number} is not a JSON object")
        yield record


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise CasebackError(f"{path} is no Parquet file that can be read ({error})") from None
