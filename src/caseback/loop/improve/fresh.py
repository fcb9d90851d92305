"""Situations that are drawn only after a model was trained."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.dossier.dossier import Dossier
from caseback.dossier.samples import samples
from caseback.loop.arms import Plan, plan
from caseback.loop.job import Job
from caseback.loop.stage import once


def fresh_plan(job: Job, after: Mapping[str, Any]) -> Plan:
    """Situations drawn only now, from a seed that nobody knew while the model was trained; kept for a resumed job.

    Args:
        job: its plan says which behaviours.
        after: what was finished before the draw.
    """
    inputs = {"part": job.part, **after}
    drawn = once(job.dossier, "fresh_situations", inputs, job.seed,
                 lambda: ({**inputs, "seed": secrets.randbelow(2**31)}, {}))  # fmt: skip
    behaviours = {name: found for name, found in job.plan.behaviours.items() if name != OVER_REFUSAL.name}
    return plan(job.plan.ground, behaviours, job.constitution, job.budget, int(drawn.body["seed"]))


def words(messages: Sequence[Mapping[str, Any]]) -> str:
    """A situation by its words."""
    return "\n".join(f"{message['role']}: {message['content']}" for message in messages)


def heard_in(dossier: Dossier, without: tuple[str, ...] = ()) -> frozenset[str]:
    """Every situation that the measurements of a dossier asked, by its words, but for the arms that begin so."""
    asked = [record for record in dossier.records("measurement") if not record.body["arm"].startswith(without)]
    digests = {record.artefacts["samples"] for record in asked}
    return frozenset(words(row["situation"]["messages"]) for digest in digests for row in samples(dossier, digest))
