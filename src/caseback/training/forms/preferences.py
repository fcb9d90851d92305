"""AI preferences: of two replies to one request, the one that keeps a clause better, as a judge holds.

After Bai et al. 2022 (arXiv 2212.08073): one clause is drawn for each pair. Both replies are drawn with the
constitution in view and learnt without it. Ties, contradictions under the swap and answers off format give no data;
each is counted by itself.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from caseback.chat import with_system
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask, can_score
from caseback.training.calibrate import Label, in_turn
from caseback.training.critique import MAX_LABELS
from caseback.training.forms.compare import OUTCOMES, Choice, Pair, Trust, compare, position_bias, trust
from caseback.training.forms.made import Made
from caseback.training.journal import Journal
from caseback.training.progress import portion
from caseback.training.provenance import text_datum
from caseback.training.sample import Case, seed_for

TEMPERATURE = 1.0
"""At which both replies are drawn, so that they differ."""
Drawn = tuple[Case, Text, Text]


def preferences(
    subject: Subject,
    judge: Subject,
    context: str,
    cases: Sequence[Case],
    journal: Journal,
    *,
    seed: int,
    margin: float,
    max_new_tokens: int,
    label: Label | None = None,
    labels: int = MAX_LABELS,
    progress: Progress | None = None,
) -> Made:
    """Preferences between two replies of the subject to each case, of origin ``preferred``.

    Args:
        judge: chooses between the replies; the subject itself, or another.
        context: the compact constitution.
        cases: each under at least one clause.
        margin: nats, of a judge that gives probabilities; see ``Choice.outcome``.
        label: whether a reply breaks what its situation tempts to break, asked of ``labels`` replies at most, of
            tempting cases alone; they stand for a person's and set nothing, only say how far the judge can be trusted.

    Returns:
        The data; the report counts every outcome, by clause too.
    """
    drawn = _replies(subject, context, cases, Sampling(max_new_tokens, TEMPERATURE), journal, portion(progress, 0, 2))
    whole = [row for row in drawn if row[1].whole and row[2].whole]
    rows = [row for row in whole if row[1].text != row[2].text]
    pairs = [
        Pair(random.Random(seed_for("clause", seed, case.seed)).choice(case.clauses), case.chat, one.text, two.text)
        for case, one, two in rows
    ]
    choices = compare(judge, pairs, journal, portion(progress, 1, 2))
    bias = position_bias(choices, can_score(judge))
    margin = margin if can_score(judge) else 0.0
    outcomes = [choice.outcome(bias.nats, margin) for choice in choices]
    found, why_not = _trust(rows, choices, label, min(labels, MAX_LABELS), bias.nats, margin)
    decided = [
        (case, (one, two) if outcome == "first" else (two, one), pair.clause.id)
        for (case, one, two), pair, outcome in zip(rows, pairs, outcomes, strict=True)
        if outcome in ("first", "second")
    ]
    counts = Counter(outcomes)
    report: dict[str, Any] = {
        "asked": len(cases),
        "judge": judge.digest,
        "judge_gives": "log-odds" if can_score(judge) else "words",
        "outcomes": {
            "preferred": len(decided),
            **{name: counts[name] for name in OUTCOMES[2:]},
            "both the same": len(whole) - len(rows),
            "cut off or empty": len(drawn) - len(whole),
        },
        "contradictions_with_the_lean_in": sum(choice.outcome(0.0, margin) == "contradiction" for choice in choices),
        "position_bias": asdict(bias),
        "trust": asdict(found),
        "clauses": _by_clause(pairs, outcomes),
        "notes": [why_not] if why_not else [],
    }
    data = [text_datum(case, texts, "preferred", (clause,)) for case, texts, clause in decided]
    return Made(data, [case for case, _, _ in decided], report)


def _replies(
    subject: Subject, context: str, cases: Sequence[Case], sampling: Sampling, journal: Journal, progress: Progress
) -> list[Drawn]:
    chats = [with_system(case.chat, context) for case in cases]
    seeds = [seed_for("pair", number, case.seed) for number in (0, 1) for case in cases]
    texts = ask(subject, "pair", chats * 2, sampling, seeds, journal, progress)
    return list(zip(cases, texts[: len(cases)], texts[len(cases) :], strict=True))


def _trust(
    rows: Sequence[Drawn], choices: Sequence[Choice], label: Label | None, labels: int, lean: float, margin: float
) -> tuple[Trust, str]:
    """How far the judge can be trusted, from pairs whose labels differ; and why that is not known, else empty."""
    if label is None:
        return Trust(), ""
    tempting = [i for i, (case, _, _) in enumerate(rows) if not case.harmless]
    some = [tempting[i] for i in in_turn([rows[i][0] for i in tempting], labels // 2)]
    broken = [tuple(label(rows[i][0].situation, text.text) for text in rows[i][1:]) for i in some]
    told = [(i, two) for i, (one, two) in zip(some, broken, strict=True) if {one, two} == {True, False}]
    try:
        return trust([choices[i] for i, _ in told], [bool(two) for _, two in told], lean, margin), ""
    except CasebackError:
        return Trust(), "judge of preferences uncalibrated: too few pairs of which one reply is known to be the worse"


def _by_clause(pairs: Sequence[Pair], outcomes: Sequence[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for pair, outcome in zip(pairs, outcomes, strict=True):
        counts.setdefault(pair.clause.id, Counter())["preferred" if outcome in ("first", "second") else outcome] += 1
    return {id: dict(found) for id, found in sorted(counts.items())}
