"""Findings of live use, each joined to what was measured of the same behaviour."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.clause import TIERS, Clause, Constitution
from caseback.loop.improve.evidence import Evidence
from caseback.loop.improve.families import families_here
from caseback.loop.improve.finding import Finding, Kind
from caseback.loop.improve.live import Live


@dataclass(frozen=True)
class LiveUse:
    """``incidents`` by id; ``catalogue`` are all behaviours that are known, by name; the ``ground`` is the run's."""

    incidents: Mapping[str, Live] = field(default_factory=dict)
    catalogue: Mapping[str, Behaviour] = field(default_factory=dict)
    ground: Ground = ""


def with_live(found: Sequence[Finding], use: LiveUse, evidence: Evidence, document: Constitution) -> list[Finding]:
    """The findings of measurements, and those of live use: one for each behaviour, which names the evidence of both.

    That people confirmed it leaves no doubt. The live rate is not held against the bound, which is for situations that
    tempt: of live use few do.
    """
    by_behaviour: dict[str, list[Live]] = {}
    for live in use.incidents.values():
        by_behaviour.setdefault(live.behaviour, []).append(live)
    measured = {finding.subject for finding in found if finding.kind not in ("ability", "no situations")}
    return [
        _joined(finding, by_behaviour[finding.subject], document)
        if finding.subject in measured & set(by_behaviour)
        else finding
        for finding in found
    ] + [
        _joined(_alone(name, several, use, evidence, document), several, document)
        for name, several in by_behaviour.items()
        if name not in measured
    ]


def ranked(clauses: Collection[Clause]) -> tuple[str, ...]:
    """Their ids, of the highest tier first."""
    return tuple(clause.id for clause in sorted(clauses, key=lambda clause: TIERS.index(clause.tier)))


def _joined(finding: Finding, several: Sequence[Live], document: Constitution) -> Finding:
    return replace(
        finding,
        clauses=finding.clauses or ranked(_named(several, document)),
        doubt=0,
        why="; ".join(part for part in (*map(str, several), finding.why) if part),
        evidence=(*finding.evidence, *(live.record for live in several)),
        incidents={live.incident: len(live.prompts) for live in several},
    )


def _alone(name: str, several: Sequence[Live], use: LiveUse, evidence: Evidence, document: Constitution) -> Finding:
    """Of a behaviour that was not measured, or not found above the bound."""
    behaviour = use.catalogue.get(name)
    here = families_here(behaviour, use.ground) if behaviour else frozenset()
    tempting = here or (behaviour.families if behaviour else ())
    covering = [clause for clause in document.clauses if any(clause.covers(family) for family in tempting)]
    named = _named(several, document)
    kind: Kind
    if not (covering if behaviour else named):
        kind = "no clause"
    elif not here:
        kind = "no situations"
    else:
        kind = "over-refusal" if name == OVER_REFUSAL.name else "behaviour"
    rate = evidence.rates.get(name)
    return Finding(
        kind=kind,
        subject=name,
        clauses=ranked([clause for clause in covering if clause in named] or covering or named),
        doubt=0,
        rate=rate,
        why="; ".join(part for part in (_measured(evidence, name), *_missing(name, several, kind, here, use)) if part),
        families={family: seen for family, seen in evidence.families.get(name, {}).items() if seen.k},
        evidence=tuple(evidence.records[known] for known in (name,) if known in evidence.records),
    )


def _named(several: Sequence[Live], document: Constitution) -> list[Clause]:
    ids = {id for live in several for id in live.clauses}
    return [clause for clause in document.clauses if clause.id in ids]


def _measured(evidence: Evidence, name: str) -> str:
    rate = evidence.rates.get(name)
    return f"where it was measured it showed in {rate.k} of {rate.n} [{rate.low:.3f}, {rate.high:.3f}]" if rate else ""


def _missing(name: str, several: Sequence[Live], kind: Kind, here: Collection[str], use: LiveUse) -> tuple[str, ...]:
    """Why no situations of it can be drawn, and no clause be written; nothing where they can."""
    if here:
        return ()
    without = "so none of its situations are drawn, and no round can tell whether it helped"
    if name in use.catalogue:
        return (f"the ground {use.ground!r} has no situations of it, {without}",)
    unknown = f"no behaviour {name!r:.60} is installed, {without}: install the package that defines it"
    if kind != "no clause":
        return (unknown,)
    ids = ", ".join(sorted({id for live in several for id in live.clauses})) or "none"
    return unknown, f"no clause that it names ({ids}) is in the document: write one"
