"""Reads logs that Inspect wrote, ours or anybody's, as evidence. A log is a stranger's file: it may be anything."""

import hashlib
import json
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.audit.inspect.evidence import Log, Row
from caseback.audit.inspect.needed import need_inspect
from caseback.chat import Message, Role
from caseback.errors import CasebackError

MOST_BYTES = 4 * 2**30
"""Of a log, unpacked: a file that claims to hold more is not opened."""
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""Inspect's scores in letters and words. N, no answer, is not among them: it is not evaluated."""


def read(path: Path) -> Log:
    """The evidence in an ``.eval`` log, or in one in Inspect's JSON form.

    A score has no value, and says why, where the sample or its log ended in an error, was cut off, filtered or
    invalidated, where the model under study never took a turn, and where the scorer gave none. What is not evaluated
    is never taken for clean.

    Raises:
        CasebackError: Inspect is not installed, or a file that is missing, malformed, truncated or too large.
    """
    need_inspect()
    from inspect_ai.log import read_eval_log

    _check(path)
    try:
        log = read_eval_log(path.resolve().as_posix(), resolve_attachments="full")
        return _log_of(log, _digest(path))
    except CasebackError:
        raise
    except (Exception, RecursionError) as error:  # a malformed file raises errors of every kind in the reader
        lines = str(error).strip().splitlines() or [""]
        raise CasebackError(
            f"{path} is no log that Inspect can read, or it is damaged ({type(error).__name__}: {lines[0][:160]}): "
            "copy it again from its source"
        ) from None


def _check(path: Path) -> None:
    """See that the file is there, of a known kind, whole, and no larger than it may be when unpacked."""
    if not path.is_file():
        raise CasebackError(f"no file {path}: name an .eval log, such as `inspect eval` writes under logs/")
    if path.suffix not in (".eval", ".json"):
        raise CasebackError(f"{path} ends neither in .eval nor in .json, as Inspect's logs do")
    try:
        size = path.stat().st_size
        if path.suffix == ".eval":
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CasebackError(
            f"{path} is no .eval log, or it is truncated ({error}): copy it again from its source"
        ) from None
    if size > MOST_BYTES:
        raise CasebackError(f"{path} unpacks to {size / 2**30:.1f} GiB, and at most {MOST_BYTES / 2**30:.0f} are read")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _log_of(log: Any, digest: str) -> Log:
    spec, samples = log.eval, log.samples or []
    rows = [row for sample in samples for row in _rows(sample, log)]
    return Log(
        digest=digest,
        task=spec.task,
        model=_target(spec),
        created=str(spec.created),
        status=log.status,
        rows=tuple(rows),
        missing=max(0, _planned(log) - len(samples)),
        metadata=dict(spec.metadata or {}),
    )


def _planned(log: Any) -> int:
    """How many samples were to be run, in all epochs; one that ended early has no results to tell it."""
    if log.results is not None:
        return int(log.results.total_samples)
    config, dataset = log.eval.config, log.eval.dataset
    chosen = config.limit is not None or config.sample_id is not None
    samples = len(dataset.sample_ids or ()) if chosen else dataset.samples or 0
    return samples * (config.epochs or 1)


def _target(spec: Any) -> str:
    """The model under study: the one in the role of the target where there is such a role, else the log's own."""
    target = (spec.model_roles or {}).get("target")
    target = target[0] if isinstance(target, list) and target else target
    return str(target.model if target else spec.model)


def _rows(sample: Any, log: Any) -> Iterator[Row]:
    conversation = tuple(map(_message, _said_to_target(sample, log.eval) or sample.messages))
    why = _why_not(sample, log)
    scored = False
    for name, score in (sample.scores or {}).items():
        for scorer, said in _values(name, score.value):
            scored = True
            value = _number(said)
            reason = why if not _shown_all_the_same(why, score, said) else ""
            if not reason and value is None:
                reason = _no_verdict(score, said)
            yield Row(
                str(sample.id), sample.epoch, conversation, scorer, _plain(said), None if reason else value, reason,
                score.explanation or "",
            )  # fmt: skip
    if not scored:
        yield Row(str(sample.id), sample.epoch, conversation, "", None, None, why or "not scored")


def _no_verdict(score: Any, said: Any) -> str:
    """Why a scorer gave no value. A judge of Petri's that refuses leaves a score without a number."""
    if (score.metadata or {}).get("refusal") is True:
        return "the judge refused"
    return score.reason or f"the score is {json.dumps(said, default=str)[:60]}, which is no verdict"


def _why_not(sample: Any, log: Any) -> str:
    """Why nothing can be said by this sample; empty where something can."""
    turns = _target_turns(sample, log.eval)
    # Petri makes the sample's output of the target's last message, which does not tell how that ended.
    output = turns[-1].output if turns else sample.output
    if log.invalidated or sample.invalidation is not None:
        return "invalidated"
    if sample.error is not None or output.error:
        return "error"
    if not _took_a_turn(sample, log.eval):
        return "no target turn"
    if sample.limit is not None:
        return f"truncated at the {sample.limit.type} limit"
    stopped = "" if output.empty else output.choices[0].stop_reason
    if stopped in ("max_tokens", "model_length"):
        return "truncated"
    return "stopped by a content filter" if stopped == "content_filter" else ""


def _target_turns(sample: Any, spec: Any) -> list[Any]:
    """The calls of the model in the role of the target, in order; none where there is no such role."""
    if "target" not in (spec.model_roles or {}):
        return []
    return [event for event in sample.events if event.event == "model" and event.role == "target"]


def _said_to_target(sample: Any, spec: Any) -> list[Any]:
    """All that the target was told and said, what was rolled back included; each message once."""
    found: dict[str, Any] = {}
    for turn in _target_turns(sample, spec):
        for message in [*turn.input, *(choice.message for choice in turn.output.choices[:1])]:
            found.setdefault(message.id or str(len(found)), message)
    return list(found.values())


def _took_a_turn(sample: Any, spec: Any) -> bool:
    """Whether the model under study said anything or called a tool.

    Where it has the role of a target (as in Petri, whose samples may hold the auditor's messages) its usage tells; else
    a message of an assistant beyond those that the sample began with.
    """
    if "target" in (spec.model_roles or {}):
        used = (sample.role_usage or {}).get("target")
        return used is not None and used.output_tokens > 0
    begun = [] if isinstance(sample.input, str) else [m for m in sample.input if m.role == "assistant"]
    turns = [m for m in sample.messages if m.role == "assistant"][len(begun) :]
    said = [*turns, *(choice.message for choice in sample.output.choices)]
    return any(bool(m.text.strip()) or bool(m.tool_calls) for m in said)


def _shown_all_the_same(why: str, score: Any, said: Any) -> bool:
    """Whether our own judge found the behaviour in a reply that was cut off, which more of it could not undo."""
    told = score.metadata or {}
    return why.startswith("truncated") and told.get("shown") is True and "behaviour" in told and said == 1


def _values(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values of a score, one by one."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{name}/{key}", item
    else:
        yield name, value


def _number(said: Any) -> float | None:
    """A score as a number; None where it is none, or says that there is no answer."""
    if isinstance(said, bool | int | float):
        return float(said) if math.isfinite(said) else None
    if not isinstance(said, str):
        return None
    known = LETTERS.get(said, LETTERS.get(said.lower()) if len(said) > 1 else None)
    if known is not None:
        return known
    try:
        number = float(said)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(said: Any) -> Any:
    """The score as JSON can hold it."""
    if isinstance(said, float) and not math.isfinite(said):
        return str(said)
    return list(said) if isinstance(said, Sequence) and not isinstance(said, str) else said


def _message(message: Any) -> Message:
    parts = [message.content] if isinstance(message.content, str) else message.content
    said, thought = [], []
    for part in parts:
        if isinstance(part, str):
            said.append(part)
        elif part.type == "reasoning":
            thought.append(part.reasoning)
        else:
            said.append(part.text if part.type == "text" else f"[{part.type}]")
    for call in getattr(message, "tool_calls", None) or ():
        said.append(f"[calls {call.function} {json.dumps(call.arguments, ensure_ascii=False, default=str)}]")
    role: Role = message.role
    found: Message = {"role": role, "content": "\n".join(said)}
    if thought:
        found["reasoning_content"] = "\n".join(thought)
    return found
