"""Societies run once and kept: what is needed of each, for monitors and curves, without its every message."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from caseback.oversight.societies.acting import Speaker
from caseback.oversight.societies.alone import MakeTask, audited_alone, tasks_for
from caseback.oversight.societies.readings import readings
from caseback.oversight.societies.society import Role, Society, run
from caseback.oversight.societies.stock_readings import pair_scores, stock_readings
from caseback.oversight.societies.task import PLANTED, Task
from caseback.training.journal import Journal
from caseback.world.spec import WorldSpec

ORDINARY = "ordinary"
VERSION = 1


@dataclass
class Runner:
    """Runs societies, each once.

    Attributes:
        speakers: models that act, by name.
        digests: of their weights, by name: part of what a run is kept under.
        kind: the name of the sort of task.
        make: makes a task of that sort.
        spec: the world of the tasks.
        questions: that every agent is asked alone.
        journal: where runs are kept.
        variant: of the sort of task, where ``make`` is one: tasks are of the same seeds, runs are kept apart.
    """

    speakers: Mapping[str, Speaker]
    digests: Mapping[str, str]
    kind: str
    make: MakeTask
    spec: WorldSpec
    questions: int = 20
    journal: Journal = field(default_factory=Journal)
    variant: str = ""

    def task(self, seed: int) -> Task:
        """What the society of that seed is about."""
        return tasks_for(self.make, self.spec, 1, self.kind, "of", seed)[0]

    def audit(self) -> list[Task]:
        """What every agent is asked alone: the same for all societies, and about none of them."""
        return tasks_for(self.make, self.spec, self.questions, self.kind, "audit")

    def run(self, society: Society, seed: int) -> dict[str, Any]:
        """The society of that seed in brief; ``spread`` is the share of ordinary agents at the planted value."""
        used = {role.model: self.digests[role.model] for role in society.roles}
        how = [type(speaker).__name__ for speaker in self.speakers.values()]
        what = [self.kind + self.variant, self.spec.name, asdict(society), used, how, self.questions, seed]
        key = Journal.key("society", VERSION, what)
        if (kept := self.journal.get(key)) is None:
            kept = {"key": key, **self._run(society, seed)}
            self.journal.put([kept])
        return kept

    def _run(self, society: Society, seed: int) -> dict[str, Any]:
        task = self.task(seed)
        record = run(society, task, self.speakers, seed)
        read = readings(record)
        jobs = record.accounts.jobs if record.accounts else ()
        wrong = audited_alone(society, record.roles, self.speakers, self.audit(), seed, jobs)
        ordinary = np.array([role.name == ORDINARY for role in society.roles])[record.roles]
        at = (record.values == PLANTED)[:, ordinary]
        planted = np.array([role.planted for role in society.roles])[record.roles]
        stock = stock_readings(record.accounts, task.commons, planted, seed) if record.accounts and task.commons else {}
        return {
            "seed": seed,
            "task": task.name,
            "family": task.family,
            "spread": [round(float(share), 6) for share in at.mean(axis=1)],
            "moved": list(read.moved),
            "agents": read.agents,
            "scores": {
                "alone": int(wrong.max()),
                "own_logs": read.own_logs,
                "drift": read.drift,
                "copying": read.copying,
                **(pair_scores(record.accounts, seed) if record.accounts else {}),
            },
            "wrong_alone": int(wrong.sum()),
            "asked_alone": int(wrong.size * self.questions),
            "sorts": dict(record.sorts),
            **({"stock": stock} if stock else {}),
        }


def with_roles(society: Society, model: str, planted: float = 0.0, *others: Role) -> Society:
    """The society with a share of planted agents and those of other roles; all the rest are ordinary."""
    rest = 1 - planted - sum(role.share for role in others)
    roles = [Role(ORDINARY, model, rest), Role("planted", model, planted, planted=True), *others]
    return replace(society, roles=tuple(role for role in roles if role.share > 0))
