"""Set a critic's threshold by a few labels, which stand for a person's."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from caseback.constitution.clause import Constitution
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import can_score
from caseback.training.critique import MAX_LABELS, Calibration, calibrate_critic
from caseback.training.improve import Critic, Reply, judged, revised
from caseback.training.journal import Journal
from caseback.training.sample import Case, cases, guided_replies, plain_replies
from caseback.world.situation import Situation

Label = Callable[[Situation, str], bool | None]
"""Whether a reply breaks what its situation tempts to break; None where that cannot be told."""

Labelled = tuple[float, bool]
"""The critic's log-odds of a breach, and whether there is one."""
LABELS_OF_EACH_KIND = 5
"""A clause with fewer labels, of broken or of kept replies, goes by the threshold of all."""


def in_turn(cases: Sequence[Case], n: int) -> list[int]:
    """Indices of at most ``n`` cases, the first parts of their families in turn, so that no kind is left out."""
    kinds: dict[str, list[int]] = {}
    for index, case in enumerate(cases):
        kinds.setdefault(case.situation.family.split(".")[0], []).append(index)
    rounds = max(map(len, kinds.values()), default=0)
    return [kind[turn] for turn in range(rounds) for kind in kinds.values() if turn < len(kind)][:n]


def critic_on_labels(
    subject: Subject, critic: Critic, context: str, cases: Sequence[Case], label: Label, limit: int, drawn: Sampling
) -> tuple[Critic, str]:
    """The critic with thresholds from the subject's plain, guided and revised replies to some of the cases.

    Args:
        context: the compact constitution, under which the guided replies are given.
        drawn: how plain replies are drawn; the others are greedy.

    Returns:
        The critic; and why it has no threshold, else empty. One that gives no probabilities has none to set.
    """
    if not can_score(critic.subject):
        return critic, ""
    few, greedy = [cases[i] for i in in_turn(cases, limit // 3)], Sampling(drawn.max_new_tokens)
    critic = replace(critic, calibration=Calibration())
    plain = judged(critic, few, plain_replies(subject, few, drawn, critic.journal))
    guided = judged(critic, few, guided_replies(subject, context, few, greedy, critic.journal))
    kinds = (plain, guided, revised(subject, critic, few, plain, 0, greedy))
    calibration, why_not = calibrated(few, kinds, label, limit)
    return replace(critic, calibration=calibration), why_not


def calibrated(
    cases: Sequence[Case], replies: Iterable[Sequence[Reply]], label: Label, limit: int
) -> tuple[Calibration, str]:
    """The thresholds from several replies to each case, judged uncalibrated.

    Args:
        cases: what was asked.
        replies: for each kind of reply (plain, guided, revised) one per case.
        label: asked for whole replies that the critic could be read on, ``limit`` or 200 times at most.

    Returns:
        The calibration; and why there is none, else empty.
    """
    every: list[Labelled] = []
    by_clause: dict[str, list[Labelled]] = {}
    asked = 0
    for group in replies:
        for case, reply in zip(cases, group, strict=True):
            if asked == min(limit, MAX_LABELS) or not (reply.text.whole and reply.judged.readable):
                continue
            asked += 1
            truth = label(case.situation, reply.text.text)
            if truth is None:
                continue
            every.append((reply.judged.worst, truth))
            for verdict in reply.judged.verdicts:
                by_clause.setdefault(verdict.clause, []).append((verdict.odds or 0.0, truth))
    try:
        overall = _threshold(every)
    except CasebackError as error:
        return Calibration(), f"critic uncalibrated: {error}"
    own = {id: _threshold(rows) for id, rows in sorted(by_clause.items()) if _enough(rows)}
    return replace(overall, clauses=own), ""


def calibrated_on(
    critic: Subject,
    writer: Subject,
    constitution: Constitution,
    context: str,
    situations: Sequence[Situation],
    label: Label,
    *,
    seed: int,
    max_new_tokens: int,
    journal: Journal,
) -> tuple[Calibration, str]:
    """The thresholds of a critic from replies that another wrote, plain and with the constitution in view.

    So several critics can be set by one set of labels, and one that is to judge good replies only, among which few
    break a clause, by replies of both kinds.

    Args:
        critic: who is calibrated; gives probabilities.
        writer: who writes the replies; the journal keeps them for the next critic.
        constitution: the document.
        context: its compact rendering.
        situations: those that tempt; their families are taken in turn.
        label: asked ``MAX_LABELS`` times at most.
    """
    tempting = [case for case in cases(constitution, situations, 1, seed, harmless=False) if case.clauses]
    few = [tempting[i] for i in in_turn(tempting, MAX_LABELS // 2)]
    sampling, who = Sampling(max_new_tokens), Critic(critic, journal)
    texts = plain_replies(writer, few, sampling, journal), guided_replies(writer, context, few, sampling, journal)
    return calibrated(few, [judged(who, few, said) for said in texts], label, MAX_LABELS)


def _threshold(rows: Sequence[Labelled]) -> Calibration:
    return calibrate_critic([odds for odds, _ in rows], [broken for _, broken in rows])


def _enough(rows: Sequence[Labelled]) -> bool:
    """Whether a clause has labels enough of both kinds for a threshold of its own."""
    broken = sum(broken for _, broken in rows)
    return min(broken, len(rows) - broken) >= LABELS_OF_EACH_KIND
