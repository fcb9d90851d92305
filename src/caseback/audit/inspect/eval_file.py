"""The layout of an ``.eval`` file: a zip archive with one JSON a sample, their summaries, and a header.

Inspect's own writer hands every sample to a thread and back, several times the work itself. What stands in each part is
still made by Inspect's own classes, and its reader must go on reading files of this layout.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

BESIDES = {"samples", "reductions", "location", "etag"}
"""Of a log, what its header leaves out."""


def write_eval_file(log: Any, path: Path) -> None:
    """Write the log, an ``EvalLog``, to a new file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", _json(log, include={"version", "eval", "plan"}))
        for sample in log.samples:
            archive.writestr(f"samples/{sample.id}_epoch_{sample.epoch}.json", _json(sample))
        summaries = b"[" + b",".join(_json(sample.summary()) for sample in log.samples) + b"]"
        archive.writestr("_journal/summaries/1.json", summaries)
        archive.writestr("summaries.json", summaries)
        archive.writestr("header.json", _json(log, exclude=BESIDES))


def _json(part: Any, **which: Any) -> bytes:
    try:
        text: str = part.model_dump_json(exclude_none=True, **which)
    except ValueError:
        # Half of a surrogate pair, as an address may send it, has no UTF-8; a question mark stands for it.
        text = json.dumps(part.model_dump(exclude_none=True, **which), ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace")
