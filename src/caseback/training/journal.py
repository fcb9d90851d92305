"""A journal of everything that was generated and scored, so that nothing is done twice and every parent can be read."""

import json
from pathlib import Path
from typing import Any, TextIO

from caseback.errors import CasebackError
from caseback.training.datum import digest_of


class Journal:
    """Records by key, appended to a JSON-lines file as they come; in memory only where ``path`` is None.

    The key is the digest of the question (task, subject, chat, sampling, seed), so that a run that was killed finds
    what it has already asked. A last line that a kill cut short is passed over and written again.

    Raises:
        CasebackError: where the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._records: dict[str, dict[str, Any]] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                self._read(path)
            self._file = path.open("a", encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CasebackError(f"{path}: the journal of generated texts cannot be used ({error})") from error

    def _read(self, path: Path) -> None:
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                record = json.loads(line)
                self._records[record["key"]] = record
            except (ValueError, KeyError, TypeError):
                if line.endswith(b"\n"):
                    raise CasebackError(f"{path}: not a journal of ours at byte {whole}; move it away") from None
                with path.open("r+b") as file:
                    file.truncate(whole)
                return
            whole += len(line)

    @staticmethod
    def key(*question: Any) -> str:
        """The key of a question, from plain data."""
        return digest_of(question)

    def get(self, key: str) -> dict[str, Any] | None:
        """The record kept under the key."""
        return self._records.get(key)

    def put(self, records: list[dict[str, Any]]) -> None:
        """Keep records, each with its ``key``, and have them on disk before returning."""
        for record in records:
            self._records[record["key"]] = record
            if self._file:
                self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
        if self._file:
            self._file.flush()

    def close(self) -> None:
        """Close the file; reading goes on to work."""
        if self._file:
            self._file.close()
            self._file = None
