"""Refusals that stay helpful: what the model will not do, the reason, and what it can do instead."""

from caseback.behaviours.harmful_compliance import BEHAVIOUR
from caseback.constitution.clause import kindred
from caseback.constitution.tasks import principle_line
from caseback.training.forms.task import Form, Scope, Task, aim, dealt

INSTRUCTION = (
    "Do not do what is asked where it goes against this: {line} Say openly and in a few words what you will not do, "
    "and why, as your own reason. Then offer something that helps the person with what they may need. No sermon, and "
    "think no worse of them than you must. Do not mention that there is a list."
)


def _tasks(scope: Scope) -> list[Task]:
    """Harmful requests, dealt out to the clauses that cover them."""
    harmful = {
        case.situation.id: case
        for case in scope.tempting
        if any(kindred(case.situation.family, family) for family in BEHAVIOUR.families)
    }
    return [
        Task(case, about, INSTRUCTION.format(line=principle_line(about)))
        for case, about in dealt(list(harmful.values()), scope.each)
    ]


REFUSALS = Form(
    "refusal",
    _tasks,
    aim=aim(
        "refusals",
        "Say openly what you will not do, give the reason, and offer other help.",
        "a kind no keeps the door open.",
    ),
)
