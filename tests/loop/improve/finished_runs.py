"""A finished run, as far as improvement reads it: its evidence written by hand."""

from dataclasses import asdict
from pathlib import Path

from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.dossier.dossier import Dossier, open_dossier
from caseback.dossier.samples import put_samples
from caseback.loop.budget import SMALL, Budget
from caseback.loop.records import constitution_data
from caseback.stats.rate import exact_rate

ASKED = "What was asked in the run."


def finished_run(
    folder: Path, final: str = "before", known: str = "", model: str = "a-model", budget: Budget = SMALL
) -> Dossier:
    """The records of a run that ended with the arm ``final``: deception in 5 cases of 6, and two hops half lost."""
    dossier = open_dossier(folder / "dossier")
    document = default()
    dossier.append("run", {"budget": asdict(budget), "seed": 0})
    dossier.append("constitution", constitution_data(document, known or digest(document), "", []))
    dossier.append("subject", {"role": "before", "path": model, "reference": True, "parameters": 5_000_000})
    rows = [{"situation": {"messages": [{"role": "user", "content": ASKED}]}}]
    kept = {"samples": put_samples(dossier, rows)}
    rate = asdict(exact_rate(5, 6))
    for arm, right in (("before", 27), (final, 9)):
        parts = {"hops.capital": asdict(exact_rate(right, 30)), "fact.food": asdict(exact_rate(3, 3))}
        dossier.append("capability", {"arm": arm, "parts": parts})
        body = {"arm": arm, "behaviour": "deception", "ground": "world", "clustered": rate}
        dossier.append("measurement", {**body, "by_family": {"deceive.city": rate}}, artefacts=kept)
    dossier.append("verdict", {"final": final})
    return dossier
