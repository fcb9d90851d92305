"""What a log of Inspect's says, as evidence: one row a score, and what was not evaluated marked so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from caseback.chat import Message


@dataclass(frozen=True)
class Row:
    """One score of one sample.

    Attributes:
        sample: Its id.
        epoch: Which run of it, from 1.
        conversation: All that was said, in order, tool calls and what is not text named in brackets.
        scorer: Who scored it; with the key after a slash where a scorer gives several values. Empty: nobody did.
        said: The score as it stands in the log.
        value: It as a number, with Inspect's letters C, P and I as 1, 0.5 and 0; None where it was not evaluated.
        not_evaluated: Why there is no value; empty where there is one.
        explanation: What the scorer said about it.
    """

    sample: str
    epoch: int
    conversation: tuple[Message, ...]
    scorer: str
    said: Any
    value: float | None
    not_evaluated: str
    explanation: str = ""


@dataclass(frozen=True)
class Log:
    """A log read: whose, of what, and its rows.

    ``missing`` counts samples (in all epochs) that the log's data set has and the log has not: they were not evaluated
    either. ``status`` is Inspect's: ``success``, ``error``, ``cancelled`` or ``started``. ``digest`` is the SHA-256 of
    the file.
    """

    digest: str
    task: str
    model: str
    created: str
    status: str
    rows: tuple[Row, ...]
    missing: int
    metadata: Mapping[str, Any]

    @property
    def not_evaluated(self) -> dict[str, int]:
        """How many rows have no value, by reason, the most frequent first; samples that are missing among them."""
        reasons: dict[str, int] = {"missing from the log": self.missing} if self.missing else {}
        for row in self.rows:
            if row.not_evaluated:
                reasons[row.not_evaluated] = reasons.get(row.not_evaluated, 0) + 1
        return dict(sorted(reasons.items(), key=lambda item: -item[1]))


def row_data(row: Row) -> dict[str, Any]:
    """A row as plain data, for ``dossier.samples.put_samples``."""
    return {**asdict(row), "conversation": [dict(message) for message in row.conversation]}
