"""A depth battery in the dossier of the run whose model it measured."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.dossier import open_dossier
from caseback.dossier.record import Record, digest
from caseback.loop.stage import once


def record_depth(folder: Path, data: Mapping[str, Any], journal: Path, seed: int) -> Record:
    """Append a ``depth`` record: every arm's rate and scores, with depth.json and the journal of all replies.

    The same battery is recorded once. It rests on the records of the models that the dossier knows by their digest.
    """
    models = {arm["digest"] for item in data["behaviours"] for arm in item["arms"]}
    with open_dossier(folder) as dossier:
        parents = [record.id for record in dossier.records("subject") if record.body.get("digest") in models]

        def work() -> tuple[dict[str, Any], dict[str, str]]:
            body = {"behaviours": [_summary(item) for item in data["behaviours"]]}
            whole = dossier.put(json.dumps(data, allow_nan=False).encode())
            return body, {"depth": whole, "journal": dossier.put(journal)}

        return once(dossier, "depth", {"depth": digest(data)}, seed, work, parents)


def _summary(item: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: item[name] for name in ("behaviour", "ground", "n", "seed", "judge")}
    arms = [
        {name: arm[name] for name in ("arm", "digest", "rate", "right", "unable", "scores")} for arm in item["arms"]
    ]
    return {**named, "arms": arms}
