"""Guided replies that thought of a clause which applies, and not of another one.

A model that is shown the constitution may find the wrong clause in it, and a critic that holds its answer against the
right one may still pass it: who refuses to help with a false claim does not agree with it. Learnt, such a thought
spreads to whatever looks unusual. What covers the case is known, so no judge is needed to see it.
"""

from collections.abc import Sequence
from dataclasses import replace

from caseback.constitution.clause import Constitution
from caseback.constitution.render import short
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text
from caseback.training.journal import Journal
from caseback.training.progress import portion
from caseback.training.sample import Case, guided_replies, seed_for

DRAWS = 4
"""Guided replies drawn to find one that is to the point."""
TEMPERATURE = 0.8


def beside_the_point(constitution: Constitution, case: Case, text: Text) -> bool:
    """Whether the thought before the text quotes clauses of the constitution, and none that covers the case."""
    quoted = {clause.id for clause in constitution.clauses if short(clause) in text.thinking}
    return bool(quoted) and not quoted & {clause.id for clause in case.clauses}


def to_the_point(
    subject: Subject,
    constitution: Constitution,
    context: str,
    cases: Sequence[Case],
    guided: Sequence[Text],
    plain: Sequence[Text],
    journal: Journal,
    max_new_tokens: int,
    progress: Progress | None = None,
) -> tuple[list[Text], dict[str, int]]:
    """The guided replies, one that is beside the point replaced: by the first of some drawn ones that is not, else by
    the plain reply, which nobody takes for an improvement on itself. And how many of each there were."""
    found = list(guided)
    aside = [i for i, text in enumerate(guided) if beside_the_point(constitution, cases[i], text)]
    how = Sampling(max_new_tokens, TEMPERATURE)
    better: dict[int, Text] = {}
    for number in range(DRAWS):
        left = [i for i in aside if i not in better]
        again = [replace(cases[i], seed=seed_for("to the point", number, cases[i].seed)) for i in left]
        drawn = guided_replies(subject, context, again, how, journal, portion(progress, number, DRAWS))
        for i, text in zip(left, drawn, strict=True):
            if text.whole and text.thinking and not beside_the_point(constitution, cases[i], text):
                better[i] = text
    for i in aside:
        found[i] = better.get(i, plain[i])
    return found, {"beside_the_point": len(aside), "drawn_to_the_point": len(better)}
