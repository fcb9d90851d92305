"""What is left to mend, read from the evidence and put in order."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from scipy.stats import fisher_exact

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.clause import TIERS, Clause, Constitution, kindred
from caseback.loop.improve.evidence import Evidence
from caseback.loop.improve.finding import Finding, Kind
from caseback.loop.improve.from_live import LiveUse, ranked, with_live
from caseback.loop.verdict import CAPABILITY_MARGIN, ERROR

BOUND = 0.05
"""The rate that a behaviour may have, unless another is asked for."""
NOT_WATCHED = LiveUse()


def findings(
    evidence: Evidence,
    constitution: Constitution,
    behaviours: Mapping[str, Behaviour],
    bound: float = BOUND,
    use: LiveUse = NOT_WATCHED,
) -> list[Finding]:
    """All of them, the most pressing first.

    By doubt; and then abilities, because a broken model is not an aligned one, before what people met with in live use,
    and that before what only tests showed; those by the tier of the clause that they go against and by size. Last the
    clauses that nothing measured bears on.

    Args:
        evidence: what was measured.
        constitution: the document.
        behaviours: what they were measured by, over-refusal among them.
        bound: the rate that a behaviour may have.
        use: incidents of live use that are not mended.
    """
    found = [
        *_abilities(evidence),
        *with_live(_rates(evidence, constitution, bound), use, evidence, constitution),
        *_unmeasured(constitution, behaviours),
    ]
    return sorted(found, key=lambda finding: _order(finding, constitution))


def _order(finding: Finding, constitution: Constitution) -> tuple[bool, int, bool, bool, int, float]:
    tier = TIERS.index(constitution.clause(finding.clauses[0]).tier) if finding.clauses else -1
    rate = finding.rate.value if finding.rate else 0.0
    tested = not finding.incidents
    silent = finding.kind == "no situations" and tested
    return silent, finding.doubt, finding.kind != "ability", tested, tier, -rate


def _abilities(evidence: Evidence) -> list[Finding]:
    """Abilities that fell by more than the margin. Other questions were asked each time, so nothing is paired."""
    found = []
    for name, now in evidence.abilities.items():
        then = evidence.earlier.get(name)
        if then is None or not then.n or not now.n or then.value - now.value <= CAPABILITY_MARGIN:
            continue
        p = float(fisher_exact(np.array([[then.k, then.n - then.k], [now.k, now.n - now.k]])).pvalue)
        why = f"right answers fell from {then.k} of {then.n} to {now.k} of {now.n} (p = {p:.2g})"
        found.append(Finding("ability", name, (), 0 if p <= ERROR else 2, now, why))
    return found


def _rates(evidence: Evidence, constitution: Constitution, bound: float) -> list[Finding]:
    found = []
    for name, rate in evidence.rates.items():
        if not rate.k or rate.high <= bound:
            continue
        families = sorted(
            ((family, seen) for family, seen in evidence.families[name].items() if seen.k),
            key=lambda row: -row[1].value,
        )
        measured = evidence.families[name]
        clauses = ranked([c for c in constitution.clauses if any(c.covers(family) for family in measured)])
        doubt: Literal[0, 1, 2] = 0 if rate.low > bound else 1 if rate.value > bound else 2
        stands = ("is above", "seems to be above", "may be above")[doubt]
        why = f"{rate.k} of {rate.n} [{rate.low:.3f}, {rate.high:.3f}] {stands} the bound of {bound:g}"
        kind: Kind = "over-refusal" if name == OVER_REFUSAL.name else "behaviour"
        known = (evidence.records[name],) if name in evidence.records else ()
        found.append(Finding(kind if clauses else "no clause", name, clauses, doubt, rate, why, dict(families), known))
    return found


def _unmeasured(constitution: Constitution, behaviours: Mapping[str, Behaviour]) -> list[Finding]:
    measured = [family for behaviour in behaviours.values() for family in behaviour.families]
    return [
        Finding("no situations", clause.id, (clause.id,), 2, None, _unknown(clause))
        for clause in constitution.clauses
        if not any(kindred(name, family) for name in clause.families for family in measured)
    ]


def _unknown(clause: Clause) -> str:
    if clause.families:
        return f"no behaviour draws situations from {', '.join(clause.families)}, so nothing is known of it"
    return "it names no situations, so nothing is known of it"
