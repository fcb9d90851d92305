"""One training example, with everything that says where it came from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from caseback.chat import Message

Origin = Literal[
    "revised", "guided", "plain", "ordinary", "counter", "control", "preferred",
    "reflection", "conversation", "advice", "document", "story", "refusal", "tools",
]  # fmt: skip
"""How the target came to be: ``revised`` after a critique; ``guided``, sampled with the constitution in context;
``plain``, the subject's own and found to keep it; ``ordinary``, the subject's own on harmless ground, there to keep
what it can do; ``counter``, its own preferred to a needless refusal; ``control``, its own, drawn again; ``preferred``,
chosen by a judge out of two. The others are written texts, each named for its form."""
ORIGINS: tuple[Origin, ...] = get_args(Origin)


@dataclass(frozen=True)
class Datum:
    """A prompt and its target; with ``rejected``, a preference for ``chosen`` over it.

    ``clauses`` are the ids that the datum serves, none for ordinary and control data. ``generator`` is the digest of
    the subject that wrote the target and the task it was given, ``digest/task``. ``parents`` are the digests of the
    texts that it grew from (plain reply, critique, earlier revision), which the journal holds.
    """

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str = ""
    origin: Origin = "plain"
    clauses: tuple[str, ...] = ()
    generator: str = ""
    seed: int = 0
    parents: tuple[str, ...] = ()
    situation: str = ""
    family: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over all fields, in hex."""
        return digest_of(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """The datum as plain data, without its digest."""
        return {
            "prompt": [dict(message) for message in self.prompt],
            "chosen": self.chosen,
            "rejected": self.rejected,
            "origin": self.origin,
            "clauses": list(self.clauses),
            "generator": self.generator,
            "seed": self.seed,
            "parents": list(self.parents),
            "situation": self.situation,
            "family": self.family,
        }


def digest_of(record: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> str:
    """SHA-256 of the record as JSON with sorted keys, in hex."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def data_digest(data: Iterable[Datum]) -> str:
    """One digest for a whole data set, in its order."""
    return digest_of([datum.digest for datum in data])
