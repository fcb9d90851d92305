"""An investigation: one arm after another, until the budget is spent, and then a ranked list with evidence."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caseback.audit.investigator.agent import move, opening, seen
from caseback.audit.investigator.arms import Arm, arms, situations
from caseback.audit.investigator.evidence import Evidence, Tally, added, by_behaviour, evidence_of, found_behaviours
from caseback.audit.investigator.policy import next_arm
from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.measure import Measurement, measure
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.training.journal import Journal
from caseback.training.sample import seed_for

KIND, VERSION = "caseback investigation", 1
EACH = 8
"""Situations, or pairs, of one pull."""
SHOWN = 3
"""Transcripts kept of each behaviour."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Inquiry:
    """What is investigated, and by whom.

    ``base`` is a model to compare with on the same situations, so that what both do is no finding; without one, a rate
    of ``null`` counts as nothing. ``agent`` chooses what to try; without one a bandit does. ``budget`` are questions to
    the subject, a situation that is acted out over several turns counting as one; ``confidence`` is one less the rate
    of false discoveries.
    """

    subject: Subject
    behaviours: Mapping[str, Behaviour]
    ground: Ground
    budget: int
    seed: int = 0
    base: Subject | None = None
    agent: Subject | None = None
    null: float = 0.05
    max_new_tokens: int = 96
    confidence: float = 0.95


def investigate(inquiry: Inquiry, journal: Journal, progress: Progress | None = None) -> dict[str, Any]:
    """The investigation as plain data: behaviours ranked by evidence, every arm tried, what was said, and why.

    What the journal holds is not asked again, so a killed investigation goes on.

    Raises:
        CasebackError: the budget is too small to try every behaviour once.
    """
    rng = random.Random(f"investigate/{inquiry.seed}")
    found: dict[Arm, Tally] = {arm: Tally() for arm in arms(inquiry.behaviours, inquiry.ground, inquiry.seed)}
    needed = sum(_cost(inquiry.behaviours[name]) for name in inquiry.behaviours)
    if inquiry.budget < needed:
        raise CasebackError(
            f"{inquiry.budget} questions are too few to try {len(inquiry.behaviours)} behaviours once: ask at least "
            f"{needed} (--questions), or name fewer (--behaviours)"
        )
    transcripts: dict[str, list[dict[str, Any]]] = {}
    log: list[dict[str, Any]] = []
    paired, spent, note = inquiry.base is not None, 0, ""
    summaries = {name: behaviour.summary for name, behaviour in inquiry.behaviours.items()}
    chat = opening(list(found), summaries, inquiry.budget, 2 * EACH)
    agent = inquiry.agent
    while True:
        why = ""
        if agent is not None:
            try:
                decided, chat = move(agent, chat, found)
            except CasebackError as error:
                agent, note = None, f"{error}; the bandit went on in its place"
                continue
            if decided.arm is None:
                note = decided.why
                break
            arm, why = decided.arm, decided.why
        else:
            evidence = by_behaviour(found, paired, inquiry.null)
            enough = len(evidence) / (1 - inquiry.confidence)
            chosen = next_arm(found, rng, [name for name, value in evidence.items() if value >= enough])
            if chosen is None:
                break
            arm = chosen
        cost = _cost(inquiry.behaviours[arm.behaviour])
        if spent + cost > inquiry.budget:
            break
        told, told_base, said = _pull(inquiry, arm, found[arm].pulls, journal)
        found[arm], spent = added(found[arm], told, told_base), spent + cost
        transcripts.setdefault(arm.behaviour, []).extend({**each, "where": arm.where} for each in said)
        log.append({"arm": arm.name, "why": why, "shown": sum(map(bool, told)), "of": len(told)})
        if agent is not None:
            chat = [*chat, seen(arm, found, paired, inquiry.null, inquiry.budget - spent)]
        if progress:
            progress(arm.name, spent, inquiry.budget)
    return _result(inquiry, found, transcripts, log, spent, note)


def _cost(behaviour: Behaviour) -> int:
    """Questions of one pull."""
    return EACH * (2 if behaviour.arms else 1)


def _pull(
    inquiry: Inquiry, arm: Arm, pull: int, journal: Journal
) -> tuple[list[bool | None], list[bool | None] | None, list[dict[str, Any]]]:
    """What the subject, and its base, showed in one pull; and transcripts of what the subject showed."""
    behaviour = inquiry.behaviours[arm.behaviour]
    asked = situations(behaviour, inquiry.ground, arm, pull, EACH, inquiry.seed)

    def put(to: Subject) -> dict[str, Any]:
        what: list[Any] = [[item.id, [dict(message) for message in item.messages]] for item in asked]
        key = Journal.key("investigate", VERSION, to.digest, behaviour.name, what, inquiry.seed, inquiry.max_new_tokens)
        if (kept := journal.get(key)) is None:
            measured = measure(
                to,
                behaviour,
                asked,
                sampling=Sampling(inquiry.max_new_tokens, temperature=1.0),
                seeds=[seed_for(inquiry.seed, pull, item.id) for item in asked],
            )
            kept = {"key": key, "shown": [unit.shown for unit in measured.units], "said": _said(measured)}
            journal.put([kept])
        return kept

    mine = put(inquiry.subject)
    base = put(inquiry.base)["shown"] if inquiry.base is not None else None
    return mine["shown"], base, mine["said"]


def _said(measured: Measurement) -> list[dict[str, Any]]:
    """Transcripts of the units that show the behaviour."""
    return [
        {
            "messages": [dict(message) for message in sample.situation.messages],
            "reply": sample.reply.text,
            "why": sample.judgement.why,
        }
        for unit in measured.units
        if unit.shown
        for sample in unit.samples[:1]
    ]


def _result(
    inquiry: Inquiry,
    found: Evidence,
    transcripts: Mapping[str, list[dict[str, Any]]],
    log: list[dict[str, Any]],
    spent: int,
    note: str,
) -> dict[str, Any]:
    paired = inquiry.base is not None
    evidence = by_behaviour(found, paired, inquiry.null)
    certain = set(found_behaviours(found, paired, inquiry.null, 1 - inquiry.confidence))

    def arm_data(arm: Arm, tally: Tally) -> dict[str, Any]:
        return {"where": arm.where, "evidence": evidence_of(tally, paired, inquiry.null), **vars(tally)}

    def of(name: str) -> dict[str, Any]:
        tried = [arm_data(arm, tally) for arm, tally in found.items() if arm.behaviour == name and tally.pulls]
        tried.sort(key=lambda each: -each["evidence"])
        said = transcripts.get(name, [])
        return {
            "behaviour": name,
            "found": name in certain,
            "evidence": evidence[name],
            "arms": sum(arm.behaviour == name for arm in found),
            "tried": tried,
            "transcripts": sorted(said, key=lambda each: each["where"] != tried[0]["where"])[:SHOWN] if tried else [],
        }

    return {
        "kind": KIND,
        "version": VERSION,
        "subject": inquiry.subject.name,
        "digest": inquiry.subject.digest,
        "base": inquiry.base.digest if inquiry.base is not None else None,
        "agent": inquiry.agent.name if inquiry.agent is not None else None,
        "ground": inquiry.ground,
        "null": None if paired else inquiry.null,
        "confidence": inquiry.confidence,
        "seed": inquiry.seed,
        "questions": spent,
        "budget": inquiry.budget,
        "note": note,
        "behaviours": [of(name) for name in sorted(evidence, key=lambda name: -evidence[name])],
        "log": log,
    }
