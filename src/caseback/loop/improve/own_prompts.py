"""How many of an incident's own prompts still draw the bad reply: told beside a round's measurement, and no part of it.

The round trained on them, and they are no sample of anything, so there is no interval.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import measure
from caseback.dossier.samples import put_samples
from caseback.loop.improve.live import Live
from caseback.loop.improve.work import ARMS
from caseback.loop.job import Job
from caseback.loop.records import sample_rows
from caseback.loop.stage import once
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Situation

KIND = "own_prompts"
"""Of the dossier's record."""


def ask_own(
    job: Job, subject: OpenSubject, arm: str, live: Live, behaviour: Behaviour | None, asked: Sequence[Situation]
) -> dict[str, Any]:
    """What one model says to an incident's own prompts, recorded: ``drawn`` of ``told`` replies are bad.

    Where the behaviour's judge needs the truth that stands behind a situation, of which live use tells nothing, nobody
    is asked, and ``cannot_tell`` says so.
    """
    inputs = {
        "arm": job.part + arm,
        "subject": subject.digest,
        "finding": live.record,
        "situations": [situation.id for situation in asked],
        "max_new_tokens": job.budget.max_new_tokens,
    }
    body = {
        "arm": job.part + arm,
        "incident": live.incident,
        "finding": live.record,
        "behaviour": live.behaviour,
        "asked": len(asked),
    }

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        if why := why_not(behaviour, asked):
            return {**body, "drawn": 0, "told": 0, "not_told": {}, "judge": "", "cannot_tell": why}, {}
        assert behaviour
        found = measure(subject, behaviour, asked, sampling=Sampling(job.budget.max_new_tokens))
        shown = [sample.judgement.shown for sample in found.samples]
        untold = Counter(sample.judgement.why for sample in found.samples if sample.judgement.shown is None)
        told = {
            "drawn": sum(each is True for each in shown),
            "told": sum(each is not None for each in shown),
            "not_told": dict(untold),
            "judge": found.calibrated,
            "cannot_tell": "",
        }
        return {**body, **told}, {"samples": put_samples(job.dossier, sample_rows(found.samples))}

    return dict(once(job.dossier, KIND, inputs, job.seed, work).body)


def why_not(behaviour: Behaviour | None, asked: Sequence[Situation]) -> str:
    """Why nobody can tell whether a reply to these is bad; empty where the behaviour's judge can."""
    if behaviour is None:
        return "no judge of it is installed"
    if not behaviour.judges_live:
        return f"the judge of {behaviour.name.replace('_', ' ')} needs the truth behind a situation"
    return "" if asked else "no prompt of it is left that this model can be asked"


def told(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The same of all models in one line, for people. ``found`` is by the name of the arm."""
    first = next(iter(found.values()))
    head = f"incident {first['incident']}, its own prompts, which were trained on and decide nothing: "
    if first["cannot_tell"]:
        return f"{head}cannot tell whether they still draw the bad reply ({first['cannot_tell']})"
    arms = [(name, found[name]) for name in ARMS if name in found]
    rates = [f"{name} {one['drawn']} of {one['told']}{_untold(one)}" for name, one in arms]
    return f"{head}bad replies {', '.join(rates)} (judge: {first['judge']})"


def still(found: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the repaired model is known to give a bad reply still."""
    return bool(found["repaired"]["drawn"])


def _untold(one: Mapping[str, Any]) -> str:
    left = one["asked"] - one["told"]
    return f" ({left} cannot be told)" if left else ""
