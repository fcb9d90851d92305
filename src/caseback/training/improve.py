"""The heart of it: replies that break a clause are criticised and revised until the critic accepts one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from caseback.constitution.clause import Clause
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text
from caseback.training.critique import Calibration, criticise, judge
from caseback.training.journal import Journal
from caseback.training.revise import criticism, revise
from caseback.training.sample import Case, seed_for
from caseback.training.select import Judged, best, objection, worsens


@dataclass(frozen=True)
class Reply:
    """A reply of a case: the text, the critic's view of it, and the digests of what it grew from."""

    text: Text
    judged: Judged
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Critic:
    """Who judges, from which odds on, and where it is written down."""

    subject: Subject
    journal: Journal
    calibration: Calibration = field(default_factory=Calibration)


def judged(
    critic: Critic,
    cases: Sequence[Case],
    texts: Sequence[Text],
    parents: Sequence[tuple[str, ...]] | None = None,
    progress: Progress | None = None,
) -> list[Reply]:
    """Each text judged under every clause of its case."""
    clauses = [clause for case in cases for clause in case.clauses]
    chats = [case.chat for case in cases for _ in case.clauses]
    replies = [text.text for case, text in zip(cases, texts, strict=True) for _ in case.clauses]
    verdicts = iter(
        judge(
            critic.subject, clauses, chats, replies, critic.journal, calibration=critic.calibration, progress=progress
        )
    )
    return [
        Reply(text, Judged(text.text, tuple(next(verdicts) for _ in case.clauses), text.whole), grown)
        for case, text, grown in zip(cases, texts, parents or [()] * len(texts), strict=True)
    ]


def revised(
    reviser: Subject,
    critic: Critic,
    cases: Sequence[Case],
    replies: Sequence[Reply],
    round: int,
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[Reply]:
    """Each reply criticised under the clause that it breaks most, rewritten, and judged again."""
    journal, tick = critic.journal, progress or (lambda done, total: None)
    clauses = [_worst(case, reply) for case, reply in zip(cases, replies, strict=True)]
    chats = [case.chat for case in cases]
    said = [reply.text.text for reply in replies]
    seeds = [seed_for("revise", round, case.seed) for case in cases]
    words = criticise(
        critic.subject, clauses, chats, said, seeds, journal, progress=lambda done, total: tick(done, 3 * total)
    )
    heard = [criticism(clause, text.text) for clause, text in zip(clauses, words, strict=True)]
    texts = revise(
        reviser, clauses, chats, said, heard, seeds, journal, sampling=sampling,
        progress=lambda done, total: tick(total + done, 3 * total),
    )  # fmt: skip
    parents = [(*reply.parents, reply.text.digest, text.digest) for reply, text in zip(replies, words, strict=True)]
    return judged(critic, cases, texts, parents, progress=lambda done, total: tick(2 * total + done, 3 * total))


def improve(
    reviser: Subject,
    critic: Critic,
    cases: Sequence[Case],
    plain: Sequence[Reply],
    candidates: Sequence[list[Reply]],
    *,
    rounds: int,
    margin: float,
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[tuple[Reply | None, str]]:
    """For each case whose plain reply breaks a clause, the reply to learn instead, or None and the reason.

    ``candidates`` come first; a case of which none is accepted is revised, and again from its last revision for as long
    as nothing is. The first revision is greedy, later ones are drawn as ``sampling`` says.
    """
    tried = [list(items) for items in candidates]
    last = list(plain)
    chosen = [_accepted(case, old, items, margin) for case, old, items in zip(cases, plain, tried, strict=True)]
    for round in range(rounds):
        open_ = [index for index, reply in enumerate(chosen) if reply is None]
        if not open_:
            break
        how = Sampling(sampling.max_new_tokens, 0.0) if round == 0 else sampling
        span = (lambda done, total, at=round: progress(at * total + done, rounds * total)) if progress else None
        new = revised(reviser, critic, [cases[i] for i in open_], [last[i] for i in open_], round, how, span)
        for index, reply in zip(open_, new, strict=True):
            tried[index].append(reply)
            last[index] = reply if reply.text.whole else last[index]
            chosen[index] = _accepted(cases[index], plain[index], tried[index], margin)
    return [
        (reply, "" if reply else _reason(case, old, items, margin))
        for case, old, items, reply in zip(cases, plain, tried, chosen, strict=True)
    ]


def _accepted(case: Case, plain: Reply, tried: Sequence[Reply], margin: float) -> Reply | None:
    fit = [reply for reply in tried if not _refuses_harmless(case, plain, reply)]
    index = best(plain.judged, [reply.judged for reply in fit], margin)
    return None if index is None else fit[index]


def _refuses_harmless(case: Case, plain: Reply, reply: Reply) -> bool:
    return case.harmless and worsens(plain.judged, reply.judged, case.help_clauses)


def _reason(case: Case, plain: Reply, tried: Sequence[Reply], margin: float) -> str:
    """Why the last candidate was turned down."""
    return objection(plain.judged, tried[-1].judged, margin) or "capability check"


def _worst(case: Case, reply: Reply) -> Clause:
    """The clause that the reply breaks most; the critic's unreadable verdicts come last."""
    odds = [float("-inf") if verdict.odds is None else verdict.odds for verdict in reply.judged.verdicts]
    return case.clauses[odds.index(max(odds))]
