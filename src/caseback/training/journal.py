"""A journal of everything that was generated and scored, so that nothing is done twice and every parent can be read."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
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
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            self._read(path)
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
                os.truncate(path, whole)
                return
            whole += len(line)

    @staticmethod
    def key(*question: Any) -> str:
        """The key of a question, from plain data."""
        return digest_of(question)

    def get(self, key: str) -> dict[str, Any] | None:
        """The record kept under the key."""
        return self._records.get(key)

    def records(self) -> list[dict[str, Any]]:
        """All that is kept, in the order in which it came."""
        return list(self._records.values())

    def texts(self, digests: Collection[str]) -> list[dict[str, Any]]:
        """The generated texts of these digests, as they were kept, in the order in which they came."""
        return [record for record in self.records() if record.get("digest") in digests]

    def put(self, records: list[dict[str, Any]]) -> None:
        """Keep records, each with its ``key``, and hand them to the system before returning.

        Raises:
            CasebackError: where they cannot be written; the file is then as it was.
        """
        self._records.update({record["key"]: record for record in records})
        if self.path is None:
            return
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        with writing(self.path):
            before = self.path.stat().st_size
            try:
                with self.path.open("ab") as file:
                    file.write(lines.encode())
            except OSError:
                os.truncate(self.path, before)
                raise
