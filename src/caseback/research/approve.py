"""A person approves what a study found, and only then is it written out, to be merged by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caseback.dossier.disk import replaced, writing
from caseback.errors import CasebackError
from caseback.research.study import Study

RECORD = "research.json"


def approve(study: Study, by: str, out: Path, despite: str = "") -> dict[str, Any]:
    """Write out what the chosen settings make, with the record of how they were found and who approved them.

    Args:
        by: the name of the person.
        despite: their reason, where the final score does not show a gain, or something was noticed.

    Raises:
        CasebackError: there is no final score, no name, ``out`` holds something, or a reason is wanted and not given.
    """
    final = study.journal.get("final")
    if final is None:
        raise CasebackError("there is no final score yet: `caseback research score` comes before approval")
    if not by.strip():
        raise CasebackError("a person approves, by name: --by 'Ada Lovelace'")
    if out.exists() and any(out.iterdir()):
        raise CasebackError(f"{out} is not empty: name a new folder (--out)")
    flags = [row for row in study.rows("flag") if row["trial"] in ("", final["trial"])]
    doubts = [f"{row['exploit']}: {row['why']}" for row in flags]
    if final["gain"]["low"] <= 0:
        value, low, high = (final["gain"][name] for name in ("value", "low", "high"))
        doubts.insert(0, f"on world B the gain is {value:+.3f} [{low:+.3f}, {high:+.3f}], which has 0 in it")
    if doubts and not despite.strip():
        raise CasebackError(f"{'; '.join(doubts)}: to approve all the same, say why (--despite 'reason')")
    record = {
        "job": study.job.name, "settings": final["settings"], "default": dict(study.job.default), "final": final,
        "approved_by": by.strip(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "despite": despite.strip(),
        "doubts": doubts, "commitment": study.commitment,
    }  # fmt: skip
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        study.job.write(study.data(), final["settings"], out)
        replaced(out / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    study.journal.put([{"key": f"approval {record['at']}", "sort": "approval", "trial": final["trial"], "out": str(out),
                        "by": record["approved_by"], "despite": record["despite"], "at": record["at"]}])  # fmt: skip
    return record
