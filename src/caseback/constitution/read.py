"""Reads a constitution from a file, in whichever form it is."""

import json
import re
from pathlib import Path
from typing import Any

from caseback.constitution.clause import Constitution
from caseback.constitution.json_form import from_data
from caseback.constitution.model_spec import looks_like_model_spec, read_model_spec
from caseback.constitution.parse import parse
from caseback.constitution.sentences import looks_like_list, read_sentences
from caseback.constitution.traits import looks_like_traits, read_traits
from caseback.errors import CasebackError

LARGEST = 4 * 2**20
"""Bytes. The longest real one we know of is 0.3 MB; a file beyond this is taken for a mistake."""


MOST_CLAUSES = 1000


def read(path: str | Path) -> Constitution:
    """The constitution in a file: our Markdown form or its JSON, the OpenAI Model Spec, a trait file, a plain list.

    Raises:
        CasebackError: there is no such file, or it is empty, binary, too large, not UTF-8 or in none of these forms.
    """
    constitution = _read(Path(path))
    if len(constitution.clauses) > MOST_CLAUSES:
        n = len(constitution.clauses)
        raise CasebackError(
            f"{path}: {n} clauses, and a constitution may have {MOST_CLAUSES}; split it, or cut it down"
        )
    return constitution


def _read(path: Path) -> Constitution:
    text = _text(path)
    source = str(path)
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson") or re.match(r"\s*[{\[]\s*[\"{\[]", text):
        return _from_json(text, path)
    if looks_like_model_spec(text):
        return read_model_spec(text, source)
    if looks_like_list(text):
        return read_sentences(text, source)
    return parse(text, source)


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise CasebackError(f"{path}: a folder; name the constitution's file in it")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise CasebackError(f"{path}: no such file; give the path of a constitution") from None
    except (OSError, ValueError) as error:
        raise CasebackError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > LARGEST:
        raise CasebackError(f"{path}: larger than {LARGEST // 2**20} MB; a constitution is not so long, check the name")
    if not data.strip():
        raise CasebackError(f"{path}: empty; `caseback constitution convert --to {path.name}` writes one to begin from")
    if b"\0" in data:
        raise CasebackError(f"{path}: a binary file; a constitution is text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CasebackError(f"{path}, line {line}: not UTF-8 (byte {error.start}); save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _from_json(text: str, path: Path) -> Constitution:
    rows: list[tuple[int, Any]]
    data: Any = None
    try:
        data = json.loads(text)
        rows = list(zip(_lines(text, data), data, strict=True)) if isinstance(data, list) else [(1, data)]
    except json.JSONDecodeError as error:
        if path.suffix.lower() == ".json":
            raise CasebackError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
        rows = [(number, _row(line, path, number)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    except RecursionError:
        raise CasebackError(f"{path}: JSON nested too deeply for a constitution") from None
    if isinstance(data, dict) and "clauses" in data:
        return from_data(data, str(path))
    if looks_like_traits([row for _, row in rows]):
        return read_traits(rows, path.name.split(".")[0], str(path))
    if rows and all(isinstance(row, str) for _, row in rows):
        return read_sentences("\n".join(" ".join(row.split()) for _, row in rows), str(path))
    raise CasebackError(
        f"{path}: no constitution; JSON needs an object with 'clauses', rows with 'trait', or a list of texts"
    )


def _lines(text: str, rows: list[Any]) -> list[int]:
    """The line of each row's trait in a JSON list that is written out over lines; zeros where it is not."""
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r'\s*(?:\{\s*)?"trait"\s*:', line)]
    return lines if len(lines) == len(rows) else [0] * len(rows)


def _row(line: str, path: Path, number: int) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise CasebackError(f"{path}, line {number}: not JSON; a .jsonl file holds one object a line") from None
