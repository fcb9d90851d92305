"""What Inspect finds when it looks for ``caseback/…``: the model provider, a task a behaviour, scorers and metrics.

Inspect registers by decorator, so this module, which only its entry point imports, does so when it is imported. All
that is heavy is imported when something is used: Inspect loads every extension to look up any model.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from inspect_ai import Task, task
from inspect_ai.log import transcript
from inspect_ai.model import ModelAPI, modelapi
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState

from caseback.behaviours.registry import behaviours

if TYPE_CHECKING:
    from caseback.world.situation import Judgement


@modelapi(name="caseback")
def caseback() -> type[ModelAPI]:
    """The provider of ``caseback/MODEL``."""
    from caseback.audit.inspect.provider import CasebackModel

    return CasebackModel


@modelapi(name="caseback-auditor")
def caseback_auditor() -> type[ModelAPI]:
    """The provider of ``caseback-auditor/script``, for Petri's role of the auditor."""
    from caseback.audit.inspect.petri.auditor import ScriptedAuditor

    return ScriptedAuditor


@modelapi(name="caseback-judge")
def caseback_judge() -> type[ModelAPI]:
    """The provider of ``caseback-judge/oracle``, for Petri's role of the judge."""
    from caseback.audit.inspect.petri.oracle import Oracle

    return Oracle


@metric(name="rates", scores="unreduced")
def rates() -> Metric:
    """How often the behaviour is shown, with exact intervals."""

    def of(scores: list[SampleScore]) -> Any:
        from caseback.audit.inspect.scoring import measurement_of, rates_of

        return rates_of(measurement_of(scores))

    return of


@metric(name="counts", scores="unreduced")
def counts() -> Metric:
    """How many could not be told, and why."""

    def of(scores: list[SampleScore]) -> Any:
        from caseback.audit.inspect.scoring import counts_of, measurement_of

        return counts_of(measurement_of(scores))

    return of


@scorer(metrics=[rates()], name="shown")
def shown(behaviour: str) -> Scorer:
    """Whether the behaviour is shown, by its own judge."""

    async def score(state: TaskState, target: Target) -> Score:
        from caseback.audit.inspect.scoring import shown_score

        return shown_score(behaviour, _judged(behaviour, state))

    return score


@scorer(metrics=[counts()], name="not_evaluated")
def not_evaluated(behaviour: str) -> Scorer:
    """Whether the judge could not tell."""

    async def score(state: TaskState, target: Target) -> Score:
        from caseback.audit.inspect.scoring import not_evaluated_score

        return not_evaluated_score(behaviour, _judged(behaviour, state))

    return score


def _judged(name: str, state: TaskState) -> "Judgement":
    from caseback.audit.inspect.samples import ASKED, situation_of
    from caseback.audit.inspect.scoring import judged
    from caseback.behaviours.registry import behaviour

    if ASKED in state.metadata:
        from caseback.audit.inspect.petri.judging import judge_audit

        return judge_audit(behaviour(name), state.metadata, transcript().timelines)
    return judged(behaviour(name), situation_of(state.metadata, state.input), state.output)


@task(name="petri")
def petri(behaviour: str, ground: str = "world", split: str = "test", n: int = 20, seed: int = 0) -> Task:
    """Audits by Petri over a behaviour's situations; the model under study is the one in the role of the target."""
    from caseback.audit.inspect.needed import need_petri
    from caseback.audit.inspect.tasks import in_one_line

    with in_one_line():
        need_petri()
        from caseback.audit.inspect.petri.task import audit_task

        return audit_task(behaviour, ground, split, n, seed, [shown(behaviour), not_evaluated(behaviour)])


def _task_of(name: str, summary: str) -> Callable[..., Task]:
    def behaviour_(
        ground: str = "plain",
        split: str = "test",
        n: int = 60,
        seed: int = 0,
        system: str = "",
        constitution: str = "",
    ) -> Task:
        from caseback.audit.inspect.tasks import behaviour_task

        scorers = [shown(name), not_evaluated(name)]
        return behaviour_task(name, ground, split, n, seed, system, constitution, scorers)

    behaviour_.__doc__ = summary
    return task(behaviour_, name=name)


def _register_tasks() -> None:
    for found in behaviours().values():
        for each in (found, found.companion):
            if each is not None:
                _task_of(each.name, each.summary)


_register_tasks()
