"""What a round's training data are made from: a short file that a person reads and compares."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.over_refusal import OVER_REFUSAL

PLAN = "plan.yaml"
KEPT_UP = 4
"""One part in so many of a run's situations keeps up, in every round, what was learnt before."""


@dataclass(frozen=True)
class RoundPlan:
    """``tempting``: situations of each behaviour that the model answers, criticises and revises. ``unseen``: the same,
    of families that a run does not train on. ``rehearsed``: questions of each ability that the model before any
    training answers for it. ``incidents``: prompts of each incident of live use, which it answers as it does those
    situations."""

    tempting: Mapping[str, int]
    unseen: Mapping[str, int] = field(default_factory=dict)
    rehearsed: Mapping[str, int] = field(default_factory=dict)
    incidents: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """The plan as YAML."""
        # An incident's id may look like a number, and is to be read back as text.
        told = {part.name: getattr(self, part.name) for part in fields(self)}
        told["incidents"] = {json.dumps(id): count for id, count in self.incidents.items()}
        return "\n".join(line for name, counts in told.items() for line in (f"{name}:", *_rows(counts))) + "\n"


def first_plan(behaviours: Mapping[str, Behaviour], trained: int) -> RoundPlan:
    """The plan of a round that mends nothing: a little of every behaviour, ``trained`` being a run's number of each."""
    return RoundPlan({name: max(1, trained // KEPT_UP) for name in behaviours if name != OVER_REFUSAL.name})


def more(plan: RoundPlan, on_top: RoundPlan) -> RoundPlan:
    """The plan with these counts on top."""
    return RoundPlan(**{part.name: _sum(getattr(plan, part.name), getattr(on_top, part.name)) for part in fields(plan)})


def unified(before: str, after: str, name: str) -> str:
    """A unified diff of two texts; empty where they are the same."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
    return "\n".join(lines)


def _rows(counts: Mapping[str, int]) -> list[str]:
    return [f"  {name}: {count}" for name, count in sorted(counts.items())] or ["  {}"]


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
