"""Writes what we measured ourselves as a log that Inspect and its viewer read."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseback.audit.inspect.eval_file import write_eval_file
from caseback.audit.inspect.needed import need_inspect
from caseback.behaviours.measure import Measurement
from caseback.chat import with_system
from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling

if TYPE_CHECKING:
    from caseback.behaviours.measure import Sample


def export(
    measurement: Measurement,
    path: Path,
    *,
    system: str = "",
    sampling: Sampling | None = None,
    constitution: Constitution | None = None,
    created: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a measurement as an ``.eval`` log, whole or not at all: its samples with their scores, as the task
    ``caseback/BEHAVIOUR`` would have logged them, and its figures. No model is called. A situation that was measured
    several times has as many epochs.

    Args:
        measurement: As ``measure`` gives it.
        path: The file, which ends in ``.eval``; one that is there is replaced.
        system: The text that stood before each situation's own system text, as given to ``measure``.
        sampling: As given to ``measure``.
        constitution: Whose clauses the samples name; default the one that ships with caseback.
        created: Default now.
        metadata: More to say about the log, such as digests; plain data.

    Raises:
        CasebackError: Inspect is not installed, another ending, or a file that cannot be written.
    """
    need_inspect()
    if path.suffix != ".eval":
        raise CasebackError(f"{path} does not end in .eval, by which Inspect knows its logs: name it so")
    log = _log(
        measurement, system, sampling or Sampling(), constitution or default(), created or datetime.now(UTC), metadata
    )
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f".{path.stem}.part.eval")
        try:
            write_eval_file(log, begun)
            begun.replace(path)
        finally:
            begun.unlink(missing_ok=True)


def _log(
    measurement: Measurement,
    system: str,
    sampling: Sampling,
    constitution: Constitution,
    created: datetime,
    metadata: Mapping[str, Any] | None,
) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalPlan, EvalPlanStep, EvalSpec, EvalStats
    from inspect_ai.model import GenerateConfig, ModelUsage

    import caseback

    model, task, when = f"caseback/{measurement.subject}", f"caseback/{measurement.behaviour}", created.isoformat()
    samples, epochs = [], Counter[str]()
    for sample in measurement.samples:
        epochs[sample.situation.id] += 1
        epoch = epochs[sample.situation.id]
        samples.append(_sample(sample, epoch, measurement.behaviour, system, model, constitution))
    known = json.dumps([task, model, when, [[s.id, s.output.completion] for s in samples]], ensure_ascii=True)
    digest = hashlib.sha256(known.encode()).hexdigest()
    config = GenerateConfig(
        max_tokens=sampling.max_new_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        stop_seqs=list(sampling.stop) or None,
    )
    used = [sample.output.usage for sample in samples]
    usage = ModelUsage(
        input_tokens=sum(each.input_tokens for each in used),
        output_tokens=sum(each.output_tokens for each in used),
        total_tokens=sum(each.total_tokens for each in used),
    )
    steps = [EvalPlanStep(solver="caseback/stand_before", params={"text": system})] if system else []
    return EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=digest[:22],
            run_id=digest[22:44],
            task_id=digest[44:],
            created=when,
            task=task,
            task_registry_name=task,
            task_display_name=measurement.behaviour,
            dataset=EvalDataset(
                name=f"{measurement.behaviour} on {measurement.ground}",
                samples=len(epochs),
                sample_ids=list(epochs),
                shuffled=False,
            ),
            model=model,
            model_generate_config=config,
            config=EvalConfig(epochs=max(epochs.values())),
            packages={"caseback": caseback.__version__},
            scorers=_scorers(measurement.behaviour),
            metadata={
                "measured_by": "caseback, natively",
                "ground": measurement.ground,
                "judge": measurement.calibrated,
                **(metadata or {}),
            },
        ),
        plan=EvalPlan(steps=[*steps, EvalPlanStep(solver="caseback/ask")], config=config),
        results=_results(measurement, len(samples)),
        stats=EvalStats(started_at=when, completed_at=when, model_usage={model: usage}),
        samples=samples,
    )


def _sample(sample: "Sample", epoch: int, behaviour: str, system: str, model: str, constitution: Constitution) -> Any:
    from inspect_ai.log import EvalSample

    from caseback.audit.inspect.chats import inspect_chat
    from caseback.audit.inspect.outputs import output_of
    from caseback.audit.inspect.samples import metadata_of
    from caseback.audit.inspect.scoring import not_evaluated_score, shown_score

    situation = sample.situation
    asked = with_system(situation.messages, system) if system else situation.messages
    output = output_of(sample.reply, model)
    return EvalSample(
        id=situation.id,
        epoch=epoch,
        input=inspect_chat(situation.messages),
        target="",
        messages=[*inspect_chat(asked), output.choices[0].message],
        output=output,
        scores={
            "shown": shown_score(behaviour, sample.judgement),
            "not_evaluated": not_evaluated_score(behaviour, sample.judgement),
        },
        metadata=metadata_of(situation, constitution),
        model_usage={model: output.usage},
    )


def _scorers(behaviour: str) -> list[dict[str, Any]]:
    """The scorers by which `inspect score` can score the log again."""
    return [
        {
            "name": scorer,
            "options": {"behaviour": behaviour},
            "metrics": [{"name": f"caseback/{metric}", "options": {}}],
        }
        for scorer, metric in (("shown", "rates"), ("not_evaluated", "counts"))
    ]


def _results(measurement: Measurement, samples: int) -> Any:
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    from caseback.audit.inspect.scoring import counts_of, rates_of

    def score(name: str, group: str, figures: Mapping[str, float], unscored: int) -> Any:
        return EvalScore(
            name=name,
            scorer=name,
            scored_samples=samples - unscored,
            unscored_samples=unscored,
            params={"behaviour": measurement.behaviour},
            metrics={key: EvalMetric(name=key, group=group, value=value) for key, value in figures.items()},
        )

    untold = sum(sample.judgement.shown is None for sample in measurement.samples)
    return EvalResults(
        total_samples=samples,
        completed_samples=samples,
        scores=[
            score("shown", "rates", rates_of(measurement), untold),
            score("not_evaluated", "counts", counts_of(measurement), 0),
        ],
    )
