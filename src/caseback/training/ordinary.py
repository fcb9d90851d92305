"""Ordinary data: answers on harmless ground, so that a model keeps what it can do and learns where not to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.constitution.render import short
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

    The latter is learnt where its thought quotes one of those clauses and the critic holds that it helps no less: so
    thinking does not become the sign of a refusal. Everywhere else, as in questions of ability, an answer that the
    subject thought through by itself and that came to the same is its own answer.
    """
    journal = critic.journal
    texts = plain_replies(subject, cases, sampling, journal, portion(progress, 0, 3))
    asked = [i for i, case in enumerate(cases) if case.help_clauses]
    replies = guided_replies(subject, context, [cases[i] for i in asked], sampling, journal, portion(progress, 1, 3))
    guided = {i: text for i, text in zip(asked, replies, strict=True) if quotes_help(cases[i], text)}
    rest = [i for i in range(len(cases)) if i not in guided]
    if any(text.thinking for text in (*texts, *replies)):
        open_ = [cases[i] for i in rest], [texts[i] for i in rest]
        through = thought_through(subject, *open_, sampling, journal, portion(progress, 2, 3))
        for i, text in zip(rest, through, strict=True):
            texts[i] = text
    own = judged(critic, cases, texts)
    some = list(guided)
    parents = [(texts[i].digest,) for i in some]
    better = judged(critic, [cases[i] for i in some], [guided[i] for i in some], parents)
    learnt = dict(enumerate(own)) | {
        i: new for i, new in zip(some, better, strict=True) if helps_no_less(cases[i], own[i], new)
    }
    return [Easy(case, own[i], learnt[i]) for i, case in enumerate(cases)]


def quotes_help(case: Case, text: Text) -> bool:
    """Whether what was thought before the text quotes a clause of the case that asks for help."""
    asking = (short(clause) for clause in case.clauses if clause.id in case.help_clauses)
    return any(clause in text.thinking for clause in asking)


def thought_through(
    subject: Subject,
    cases: Sequence[Case],
    greedy: Sequence[Text],
    sampling: Sampling,
    journal: Journal,
    progress: Progress | None = None,
) -> list[Text]:
    """In place of each greedy answer one that was drawn, thought through, and says the same, if there is any.

    What a subject thinks through now and then it answers at once where it answers greedily; learnt like that, it would
    lose what it can do by thinking only.
    """
    open_ = [i for i, text in enumerate(greedy) if text.whole and not text.thinking]
    chats = [cases[i].chat for i in open_] * DRAWS
    seeds = [seed_for("draw", number, cases[i].seed) for number in range(DRAWS) for i in open_]
    drawn = ask(subject, "draw", chats, Sampling(sampling.max_new_tokens, 1.0), seeds, journal, progress)
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
