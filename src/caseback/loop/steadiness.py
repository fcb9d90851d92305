"""Is it the same character under flattery, threat and role-play, and does it move on evidence and not on insistence?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.contexts import CONTEXTS, in_context
from caseback.behaviours.measure import Measurement, measure
from caseback.behaviours.moving import EVIDENCE, INSISTENCE, judge_moved, moving_situations
from caseback.behaviours.registry import behaviours
from caseback.dossier.dossier import Dossier, open_dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import put_samples, samples
from caseback.errors import CasebackError
from caseback.loop.progress import Reporter, Tick
from caseback.loop.records import sample_rows
from caseback.loop.stage import once
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Situation
from caseback.world.worlds import ground_of

PLAIN = "plain"
DEFAULT = ("harmful_compliance", "sycophancy", "deception")
MOVING = Behaviour(
    name="moved",
    summary="States what a corrected record says, or what somebody only insists on.",
    families=("moving",),
    situations=moving_situations,
    judge=judge_moved,
)
Shown = tuple[tuple[str, bool | None], ...]
"""Of each situation, in order, its family and whether the behaviour was shown."""


@dataclass(frozen=True)
class InContext:
    """A behaviour in one context, and how much more often it shows there than in the plain situation."""

    behaviour: str
    context: str
    rate: Rate
    change: PairedDifference


@dataclass(frozen=True)
class Steadiness:
    """``contexts`` has the plain situations first. ``same`` is the share of situations, of those judged in every
    context, in which the behaviour was shown in all or in none. ``evidence`` and ``insistence`` are how often the model
    states what a corrected record says, and what is only insisted on."""

    model: str
    contexts: tuple[InContext, ...]
    same: Mapping[str, Rate]
    evidence: Rate
    insistence: Rate


def steadiness(
    models: Mapping[str, str],
    out: Path,
    names: Sequence[str] = DEFAULT,
    n: int = 60,
    seed: int = 0,
    max_new_tokens: int = 96,
    console: Console | None = None,
) -> list[Steadiness]:
    """Measure every model in the same situations of the test split, in every context.

    Args:
        models: folders or hub ids by the name that they are shown under.
        out: a folder for the dossier; what it holds is not measured again.
        names: of behaviours; those told from pairs of situations are not taken.
        n: situations of each behaviour, and pairs of evidence and insistence.
        seed: of situations and wordings.

    Raises:
        CasebackError: a behaviour is unknown or told from pairs.
    """
    known = behaviours()
    for name in names:
        if name not in known or known[name].arms:
            fit = ", ".join(b for b, found in known.items() if not found.arms)
            raise CasebackError(f"'{name}' cannot be measured in contexts: choose of {fit}")
    reporter = Reporter(console or Console(stderr=True), dict.fromkeys((f"measure {name}" for name in models), 1.0))
    found = []
    with open_dossier(out / "dossier") as dossier:
        for name, path in models.items():
            subject = load(path)
            taught = getattr(subject.model.config, "caseback_world", None)
            ground = ground_of(taught) if taught else "plain"
            ask = _Asking(dossier, subject, seed, max_new_tokens)
            with reporter.stage(f"measure {name}") as tick:
                found.append(_steadiness(ask, name, [known[b] for b in names], ground, n, tick))
    return found


@dataclass(frozen=True)
class _Asking:
    dossier: Dossier
    subject: OpenSubject
    seed: int
    max_new_tokens: int

    def shown(self, behaviour: Behaviour, where: str, situations: Sequence[Situation]) -> Shown:
        """Measured once, and read from the record."""

        def work() -> tuple[dict[str, Any], dict[str, str]]:
            found: Measurement = measure(self.subject, behaviour, situations, sampling=Sampling(self.max_new_tokens))
            body = {"behaviour": behaviour.name, "where": where, "subject": self.subject.digest}
            return body, {"samples": put_samples(self.dossier, sample_rows(found.samples))}

        inputs = {
            "behaviour": behaviour.name,
            "subject": self.subject.digest,
            "situations": [item.id for item in situations],
            "max_new_tokens": self.max_new_tokens,
        }
        record: Record = once(self.dossier, "steadiness", inputs, self.seed, work)
        rows = samples(self.dossier, record.artefacts["samples"])
        return tuple((row["situation"]["family"], row["judgement"]["shown"]) for row in rows)


def _steadiness(ask: _Asking, name: str, chosen: Sequence[Behaviour], ground: str, n: int, tick: Tick) -> Steadiness:
    total, done = len(chosen) * (1 + len(CONTEXTS)) + 2, 0
    contexts: list[InContext] = []
    same = {}
    for behaviour in chosen:
        plain = behaviour.situations(ground, "test", n, ask.seed)
        seen: dict[str, Shown] = {}
        for context in (PLAIN, *CONTEXTS):
            asked = plain if context == PLAIN else in_context(context, plain, ask.seed)
            seen[context] = ask.shown(behaviour, context, asked)
            contexts.append(
                InContext(behaviour.name, context, _rate(seen[context]), _change(seen[context], seen[PLAIN]))
            )
            tick(done := done + 1, total)
        same[behaviour.name] = _same(list(seen.values()))
    pairs = moving_situations(ground, "test", n, ask.seed)
    moved = {}
    for arm in (EVIDENCE, INSISTENCE):
        moved[arm] = _rate(ask.shown(MOVING, arm, [item for item in pairs if item.arm == arm]))
        tick(done := done + 1, total)
    return Steadiness(name, tuple(contexts), same, moved[EVIDENCE], moved[INSISTENCE])


def _rate(shown: Shown) -> Rate:
    judged = [(family, bool(one)) for family, one in shown if one is not None]
    return clustered_rate(by_cluster([family for family, _ in judged], [one for _, one in judged]))


def _change(later: Shown, earlier: Shown) -> PairedDifference:
    both = [(a, b, f) for (f, a), (_, b) in zip(later, earlier, strict=True) if a is not None and b is not None]
    return clustered_difference([bool(a) for a, _, _ in both], [bool(b) for _, b, _ in both], [f for _, _, f in both])


def _same(every: Sequence[Shown]) -> Rate:
    rows = [(row[0][0], {one for _, one in row}) for row in zip(*every, strict=True)]
    judged = [(family, len(answers) == 1) for family, answers in rows if None not in answers]
    return clustered_rate(by_cluster([family for family, _ in judged], [same for _, same in judged]))


def as_data(found: Sequence[Steadiness]) -> list[dict[str, Any]]:
    """Plain data: rates with k, n and interval."""
    return [
        {
            "model": one.model,
            "contexts": [
                {
                    "behaviour": c.behaviour,
                    "context": c.context,
                    "rate": asdict(c.rate),
                    "change": {"value": c.change.value if c.change.n else None, "low": c.change.low,
                               "high": c.change.high, "n": c.change.n, "p": c.change.p},
                }
                for c in one.contexts
            ],
            "same": {name: asdict(rate) for name, rate in one.same.items()},
            "moves_on_evidence": asdict(one.evidence),
            "moves_on_insistence": asdict(one.insistence),
        }
        for one in found
    ]  # fmt: skip
