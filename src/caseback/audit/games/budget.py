"""What was asked of each subject behind an address: a ledger that a restart does not forget, held against a budget."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caseback.audit.games.spent import Spent
from caseback.dossier.disk import writing
from caseback.errors import CasebackError

LEDGER = "spent.jsonl"
"""Beside the weights that red keeps."""


@dataclass
class Ledger:
    """Requests and tokens of each subject, appended line by line; ``requests`` and ``tokens`` are the limits, None
    without. ``promised`` are tokens of replies under way."""

    path: Path
    requests: int | None
    tokens: int | None
    spent: dict[str, Spent] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)

    def left(self, name: str) -> dict[str, int | None]:
        """What a subject may still be asked for; None without limit."""
        spent = self.spent.get(name, Spent())
        under_way = self.promised.get(name, 0)
        return {
            "requests": None if self.requests is None else max(0, self.requests - spent.requests),
            "tokens": None if self.tokens is None else max(0, self.tokens - spent.tokens - under_way),
        }

    def take(self, name: str, prompt: int, wanted: int) -> int:
        """Count a request whose prompt has so many tokens; the most that its reply may have, 0 where it is refused."""
        left = self.left(name)
        if left["requests"] == 0 or (left["tokens"] is not None and left["tokens"] <= prompt):
            return 0
        most = wanted if left["tokens"] is None else min(wanted, left["tokens"] - prompt)
        self._add(name, 1, 0)
        self.promised[name] = self.promised.get(name, 0) + prompt + most
        return most

    def settle(self, name: str, promised: int, tokens: int) -> None:
        """Put what a reply took in place of what it was promised."""
        self.promised[name] -= promised
        self._add(name, 0, tokens)

    def _add(self, name: str, requests: int, tokens: int) -> None:
        line = json.dumps({"subject": name, "requests": requests, "tokens": tokens}) + "\n"
        with writing(self.path), self.path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        _count(self.spent, name, requests, tokens)


def open_ledger(path: Path, budget: Mapping[str, int | None]) -> Ledger:
    """The ledger in a file, or a new one; a last line that a kill cut short is taken away.

    Raises:
        CasebackError: the file is none.
    """
    with writing(path):
        path.touch()
    spent: dict[str, Spent] = {}
    whole = 0
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            row = json.loads(line)
            _count(spent, str(row["subject"]), int(row["requests"]), int(row["tokens"]))
        except (ValueError, KeyError, TypeError):
            if line.endswith(b"\n"):
                raise CasebackError(f"{path}: not a ledger of ours at byte {whole}; move it away") from None
            os.truncate(path, whole)
            break
        whole += len(line)
    return Ledger(path, budget.get("requests"), budget.get("tokens"), spent)


def _count(spent: dict[str, Spent], name: str, requests: int, tokens: int) -> None:
    one = spent.setdefault(name, Spent())
    one.requests += requests
    one.tokens += tokens
