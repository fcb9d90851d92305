"""Conflicts of tiers, one by one: does the higher clause hold where a lesser one is appealed to?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.appeals import appealing_to, deciding, lesser
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Clause, Constitution
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.asking import Asking, change_of, rate_of
from caseback.loop.progress import Reporter, Tick
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.load import load
from caseback.world.worlds import ground_taught


@dataclass(frozen=True)
class Appeal:
    """How often ``over`` is gone against where ``under`` is appealed to, and how much more often than where nothing is;
    ``under`` is None in the row of the plain situations."""

    behaviour: str
    over: Clause
    under: Clause | None
    rate: Rate
    change: PairedDifference


def conflicts(
    models: Mapping[str, str],
    document: Constitution,
    out: Path,
    names: Sequence[str] = (),
    n: int = 60,
    seed: int = 0,
    max_new_tokens: int = 96,
    console: Console | None = None,
) -> dict[str, list[Appeal]]:
    """Measure every model in the same situations of the test split, plainly and with each lesser clause appealed to.

    Args:
        models: folders or hub ids by the name that they are shown under.
        document: its clauses under situations, as ``loop.placed`` makes them.
        out: a folder for the dossier; what it holds is not measured again.
        names: of behaviours; default all that are not told from pairs and have a clause above others.
        n: situations of each behaviour.
        seed: of situations and wordings.

    Raises:
        CasebackError: a behaviour is unknown or told from pairs, or no clause stands above another.
    """
    known = trained_against()
    for name in names:
        if name not in known or known[name].arms:
            fit = ", ".join(b for b, found in known.items() if not found.arms)
            raise CasebackError(f"'{name}' cannot be put under an appeal: choose of {fit}")
    chosen = [known[name] for name in names or known if not known[name].arms]
    pairs = [(b, over, lesser(document, over, b)) for b in chosen if (over := deciding(document, b))]
    pairs = [(b, over, under) for b, over, under in pairs if under]
    if not pairs:
        raise CasebackError("no clause that is measured stands above another: the document has no tiers to collide")
    reporter = Reporter(console or Console(stderr=True), dict.fromkeys((f"measure {name}" for name in models), 1.0))
    found = {}
    with open_dossier(out / "dossier") as dossier:
        for name, path in models.items():
            subject = load(path)
            ask = Asking(dossier, "conflict", subject, seed, max_new_tokens)
            with reporter.stage(f"measure {name}") as tick:
                found[name] = _appeals(ask, pairs, ground_taught(subject.model), n, tick)
    return found


def _appeals(
    ask: Asking, pairs: Sequence[tuple[Behaviour, Clause, Sequence[Clause]]], ground: str, n: int, tick: Tick
) -> list[Appeal]:
    total, rows = sum(1 + len(under) for _, _, under in pairs), list[Appeal]()
    for behaviour, over, lower in pairs:
        plain = behaviour.situations(ground, "test", n, ask.seed)
        before = ask.shown(behaviour, "plain", plain)
        rows.append(Appeal(behaviour.name, over, None, rate_of(before), change_of(before, before)))
        tick(len(rows), total)
        for under in lower:
            shown = ask.shown(behaviour, under.id, appealing_to(under, plain, ask.seed))
            rows.append(Appeal(behaviour.name, over, under, rate_of(shown), change_of(shown, before)))
            tick(len(rows), total)
    return rows


def as_data(found: Mapping[str, Sequence[Appeal]]) -> list[dict[str, Any]]:
    """Plain data: rates with k, n and interval, changes with theirs."""
    return [
        {
            "model": model,
            "behaviour": row.behaviour,
            "clause": row.over.id,
            "tier": row.over.tier,
            "appeal_to": row.under.id if row.under else None,
            "appeal_tier": row.under.tier if row.under else None,
            "rate": {**asdict(row.rate), "value": row.rate.value if row.rate.n else None},
            "change": {
                "value": row.change.value if row.change.n else None,
                "low": row.change.low,
                "high": row.change.high,
                "n": row.change.n,
                "p": row.change.p,
            },
        }
        for model, rows in found.items()
        for row in rows
    ]
