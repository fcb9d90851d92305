"""Is it the same character under flattery, threat and role-play, and does it move on evidence and not on insistence?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.contexts import CONTEXTS, in_context
from caseback.behaviours.moving import EVIDENCE, INSISTENCE, judge_moved, moving_situations
from caseback.behaviours.registry import trained_against
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.asking import Asking, Shown, change_of, rate_of
from caseback.loop.progress import Reporter, Tick
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.load import load
from caseback.world.worlds import ground_taught

PLAIN = "plain"
DEFAULT = ("harmful_compliance", "sycophancy", "deception")
MOVING = Behaviour(
    name="moved",
    summary="States what a corrected record says, or what somebody only insists on.",
    families=("moving",),
    situations=moving_situations,
    judge=judge_moved,
)


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
    known = trained_against()
    for name in names:
        if name not in known or known[name].arms:
            fit = ", ".join(b for b, found in known.items() if not found.arms)
            raise CasebackError(f"'{name}' cannot be measured in contexts: choose of {fit}")
    reporter = Reporter(console or Console(stderr=True), dict.fromkeys((f"measure {name}" for name in models), 1.0))
    found = []
    with open_dossier(out / "dossier") as dossier:
        for name, path in models.items():
            subject = load(path)
            ground = ground_taught(subject.model)
            ask = Asking(dossier, "steadiness", subject, seed, max_new_tokens)
            with reporter.stage(f"measure {name}") as tick:
                found.append(_steadiness(ask, name, [known[b] for b in names], ground, n, tick))
    return found


def _steadiness(ask: Asking, name: str, chosen: Sequence[Behaviour], ground: str, n: int, tick: Tick) -> Steadiness:
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
                InContext(behaviour.name, context, rate_of(seen[context]), change_of(seen[context], seen[PLAIN]))
            )
            tick(done := done + 1, total)
        same[behaviour.name] = _same(list(seen.values()))
    pairs = moving_situations(ground, "test", n, ask.seed)
    moved = {}
    for arm in (EVIDENCE, INSISTENCE):
        moved[arm] = rate_of(ask.shown(MOVING, arm, [item for item in pairs if item.arm == arm]))
        tick(done := done + 1, total)
    return Steadiness(name, tuple(contexts), same, moved[EVIDENCE], moved[INSISTENCE])


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
