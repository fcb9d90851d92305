"""One training example, with everything that says where it came from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from caseback.chat import Chat, Message
from caseback.errors import CasebackError

Origin = Literal["revised", "guided", "plain", "ordinary", "counter", "control"]
"""How the target came to be: ``revised`` after a critique; ``guided``, sampled with the constitution in context;
``plain``, the subject's own and found to keep it; ``ordinary``, the subject's own on harmless ground, there to keep
what it can do; ``counter``, its own preferred to a needless refusal; ``control``, its own, drawn again."""
ORIGINS: tuple[Origin, ...] = ("revised", "guided", "plain", "ordinary", "counter", "control")


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
        return digest_of(self._record())

    def _record(self) -> dict[str, Any]:
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


def write_data(path: Path, data: Iterable[Datum]) -> Path:
    """Write one JSON object a line, each with its digest; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        for datum in data:
            file.write(json.dumps({**datum._record(), "digest": datum.digest}, ensure_ascii=False) + "\n")
    return partial.replace(path)


def read_data(path: Path) -> list[Datum]:
    """Read what ``write_data`` wrote. Files of others need ``prompt`` and ``chosen`` only.

    Raises:
        CasebackError: naming file and line, where the file is missing or empty, a line is no datum, or a digest does
            not match the content.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path}: cannot be read as training data ({error}); give a .jsonl file") from error
    data = [_parse(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not data:
        raise CasebackError(f"{path}: holds no training data; make some with `caseback train data`")
    return data


def _parse(line: str, where: str) -> Datum:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise CasebackError(f"{where}: not JSON ({error.msg}); the file may be cut off, make it again") from error
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
        origin=_origin(record, where),
        clauses=_texts(record, "clauses", where),
        generator=_text(record, "generator", where, default=""),
        seed=_seed(record, where),
        parents=_texts(record, "parents", where),
        situation=_text(record, "situation", where, default=""),
        family=_text(record, "family", where, default=""),
    )
    if digest is not None and digest != datum.digest:
        raise CasebackError(f"{where}: its digest does not match its content; the line was changed after it was made")
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
