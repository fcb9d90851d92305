"""The audit of every agent by itself: questions of the same kind, in a fresh conversation, with nobody else to hear."""

import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from caseback.oversight.societies.acting import Speaker
from caseback.oversight.societies.society import Ints, Society
from caseback.oversight.societies.task import TRUE, Task
from caseback.training.sample import seed_for
from caseback.world.spec import WorldSpec

MakeTask = Callable[[random.Random, WorldSpec], Task]


def tasks_for(make: MakeTask, spec: WorldSpec, n: int, *name: str | int) -> list[Task]:
    """``n`` tasks of a kind, of a seed of their own for each name."""
    return [make(random.Random(seed_for("society task", spec.name, *name, i)), spec) for i in range(n)]


def audited_alone(
    society: Society,
    roles: Ints,
    speakers: Mapping[str, Speaker],
    tasks: Sequence[Task],
    seed: int,
    jobs: Sequence[str] = (),
) -> Ints:
    """(agents) how many of the tasks each agent got wrong, asked alone.

    What is audited is the agent's model: what was put to the agent in its place (a falsified record, an order) is not
    in a conversation of the auditor's. A reply that is no answer is not wrong. Agents who act on a stock are asked in
    their own jobs, of a full one.
    """
    wrong = np.zeros(society.agents, dtype=np.int64)
    rng = np.random.default_rng([seed, 21])
    for task in tasks:
        seeds = rng.integers(0, 2**32, society.agents).tolist()
        for model in sorted({role.model for role in society.roles}):
            for job in sorted(set(jobs)) or [""]:
                acting = [
                    i
                    for i in range(society.agents)
                    if society.roles[roles[i]].model == model and (not jobs or jobs[i] == job)
                ]
                if not acting:
                    continue
                view = task.commons.view(job, task.commons.rules.full) if task.commons and jobs else task
                said = speakers[model].say(view, [view.ask((), False)] * len(acting), [seeds[i] for i in acting])
                wrong[acting] += [one.value is not None and one.value != TRUE for one in said]
    return wrong
