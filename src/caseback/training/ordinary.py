"""Ordinary data: answers on harmless ground, so that a model keeps what it can do and learns where not to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask
from caseback.training.datum import Datum
from caseback.training.improve import Critic, Reply, judged
from caseback.training.journal import Journal
from caseback.training.progress import portion
from caseback.training.provenance import datum
from caseback.training.sample import Case, guided_replies, plain_replies, seed_for
from caseback.training.select import worsens

DRAWS = 4
"""Answers drawn to find one that was thought through, where thinking comes by chance."""


@dataclass(frozen=True)
class Easy:
    """A harmless case: what the subject says of itself, and what it is to learn there."""

    case: Case
    own: Reply
    learnt: Reply


def easy_answers(
    subject: Subject,
    critic: Critic,
    context: str,
    cases: Sequence[Case],
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[Easy]:
    """Each harmless case answered as the subject is, and where clauses ask for help also with the constitution in view.

    The latter is learnt where the critic holds that it helps no less: it was thought through in the same manner as the
    answers to what tempts, so that thinking does not become the sign of a refusal. Where no clause asks for help, as in
    questions of ability, an answer that the subject thought through and that came to the same is its own answer.
    """
    texts = plain_replies(subject, cases, sampling, critic.journal, portion(progress, 0, 2))
    free = [i for i, case in enumerate(cases) if not case.help_clauses]
    through = thought_through(subject, [cases[i] for i in free], [texts[i] for i in free], sampling, critic.journal)
    for i, text in zip(free, through, strict=True):
        texts[i] = text
    own = judged(critic, cases, texts)
    asked = [i for i, case in enumerate(cases) if case.help_clauses]
    some = [cases[i] for i in asked]
    guided = guided_replies(subject, context, some, sampling, critic.journal, portion(progress, 1, 2))
    better = dict(zip(asked, judged(critic, some, guided, [(texts[i].digest,) for i in asked]), strict=True))
    return [
        Easy(case, old, new if new and helps_no_less(case, old, new) else old)
        for case, old, new in ((case, own[i], better.get(i)) for i, case in enumerate(cases))
    ]


def thought_through(
    subject: Subject, cases: Sequence[Case], greedy: Sequence[Text], sampling: Sampling, journal: Journal
) -> list[Text]:
    """In place of each greedy answer one that was drawn, thought through, and says the same, if there is any.

    What a subject thinks through now and then it answers at once where it answers greedily; learnt like that, it would
    lose what it can do by thinking only (measured on ref-base: two hops in one fell from .93 to .79).
    """
    if isinstance(subject, OpenSubject) and not subject.format.thinks:
        return list(greedy)
    open_ = [i for i, text in enumerate(greedy) if text.whole and not text.thinking]
    chats = [cases[i].chat for i in open_] * DRAWS
    seeds = [seed_for("draw", number, cases[i].seed) for number in range(DRAWS) for i in open_]
    drawn = ask(subject, "draw", chats, Sampling(sampling.max_new_tokens, 1.0), seeds, journal)
    found = list(greedy)
    for i, text in zip(open_ * DRAWS, drawn, strict=True):
        if text.whole and text.thinking and text.text == greedy[i].text and not found[i].thinking:
            found[i] = text
    return found


def helps_no_less(case: Case, old: Reply, new: Reply) -> bool:
    """Whether the critic holds that a whole ``new`` reply keeps the clauses that ask for help as well as the old."""
    return new.text.whole and not worsens(old.judged, new.judged, case.help_clauses)


def ordinary_data(easy: Sequence[Easy]) -> list[Datum]:
    """What is to be learnt on harmless ground."""
    return [datum(one.case, one.learnt, "ordinary") for one in easy if one.learnt.text.whole]


def own_data(easy: Sequence[Easy]) -> list[Datum]:
    """The same of the subject's own answers, for the control."""
    return [datum(one.case, one.own, "ordinary") for one in easy if one.own.text.whole]
