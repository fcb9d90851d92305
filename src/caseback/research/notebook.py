"""The notebook of a study as plain data: a view of its journal, which computes nothing of its own but counts."""

from typing import Any

from caseback.research.exploits import luck
from caseback.research.job import plain_settings
from caseback.research.study import Study
from caseback.research.trials import baseline, flagged, outcome

KIND, VERSION = "caseback research notebook", 1


def notebook(study: Study) -> dict[str, Any]:
    """Every hypothesis with what it predicted and what came of it; submissions, flags, the final score, approvals."""
    first, bad = baseline(study), flagged(study)
    submissions = {row["trial"]: row for row in study.rows("submission")}
    pages = []
    for row in study.rows("hypothesis"):
        trial = study.journal.get(f"trial {row['trial']}")
        sent = submissions.get(row["trial"])
        pages.append({
            "trial": row["trial"], "by": row["by"], "why": row["why"], "predicts": row["predicts"],
            "outcome": outcome(row, trial, first), "changed": changed(study, row["settings"]),
            "settings": row["settings"], "open": trial and trial["open"], "fault": trial["fault"] if trial else "",
            "seconds": trial and trial["seconds"], "walls": trial["walls"] if trial else [],
            "submitted": sent is not None, "rose": bool(sent and sent["rose"]), "flagged": row["trial"] in bad,
        })  # fmt: skip
    outcomes = [each["outcome"] for each in pages]
    true, false = outcomes.count("true"), outcomes.count("false")
    p = luck(true, true + false)
    return {
        "kind": KIND,
        "version": VERSION,
        "job": study.job.name,
        "about": study.job.about,
        "measure": study.job.measure,
        "models": {name: study.digests.get(name, "") for name in study.models},
        "seed": study.seed,
        "commitment": study.commitment,
        "budget": {"trials": study.trials, "submissions": study.submissions},
        "default": plain_settings(study.job),
        "hypotheses": pages,
        "predictions": {
            "true": true, "false": false, "no difference": outcomes.count("no difference"), "luck": p,
            "says": f"{true} of {true + false}, {outcomes.count('no difference')} without a difference",
        },
        "submissions": list(submissions.values()),
        "flags": [{name: row[name] for name in ("exploit", "trial", "why")} for row in study.rows("flag")],
        "asked": {name: sum(row[name] for row in study.rows("asked")) for name in ("garbage", "repeats", "dropped")},
        "final": study.journal.get("final"),
        "approvals": study.rows("approval"),
        "counts": {
            "hypotheses": len(pages), "trials": len(study.rows("trial")),
            "failed": sum(bool(row["fault"]) for row in study.rows("trial")),
            "seconds": sum(row["seconds"] for row in study.rows("trial")),
        },
    }  # fmt: skip


def changed(study: Study, settings: dict[str, Any]) -> dict[str, Any]:
    """The values that differ from the hand-written ones."""
    default = plain_settings(study.job)
    return {name: value for name, value in settings.items() if value != default[name]}
