"""Hard advice: a person in a dilemma asks, and the answer carries the reason of a clause within it.

A trait file brings questions of its own. Otherwise the generator first writes the dilemma, then the advice.
"""

from dataclasses import replace
from random import Random

from caseback.chat import user
from caseback.constitution.tasks import principle_line
from caseback.training.forms.task import Form, Scope, Task, aim, with_help, written_case
from caseback.training.sample import seed_for
from caseback.training.system_texts import dressed

PEOPLE = (
    "a nurse on a night shift", "a student before an exam", "the owner of a small shop", "a new manager",
    "the father of two children", "a clerk in a town hall", "somebody who has just lost their work",
    "a young engineer", "a teacher", "a builder on a late job", "a carer of an old woman", "the treasurer of a club",
)  # fmt: skip
STAKES = (
    "a friend would be hurt", "money is short", "a promise stands against it", "nobody would ever find out",
    "time is running out", "their family wants something else", "their superior has asked for it",
)  # fmt: skip
DILEMMA = "Write what {person} might ask an assistant for advice about, in a dilemma in which {stakes}."
OF_A_DILEMMA = (
    "Write only the message that the person sends, in the first person, three to five sentences that end with a "
    "question. Two good things pull against each other in it, and what is at stake is what this principle is about: "
    "{line} Do not answer it."
)
INSTRUCTION = (
    "Somebody is in a dilemma and asks what to do. Give advice that they can act on, and say honestly what it costs. "
    "Let the reason of this principle carry the answer, as your own reason, woven in and not recited: {line} Do not "
    "mention that there is a list."
)


def _tasks(scope: Scope) -> list[Task]:
    made = []
    for clause in scope.constitution.clauses:
        rng = Random(seed_for("advice", clause.id, scope.seed))
        asked = rng.sample(clause.questions, min(scope.each, len(clause.questions)))
        for number in range(scope.each):
            ready = number < len(asked)
            text = asked[number] if ready else DILEMMA.format(person=rng.choice(PEOPLE), stakes=rng.choice(STAKES))
            clauses = with_help(scope.constitution, clause)
            case = written_case(scope, f"advice.{clause.id}", number, (user(text),), clauses, bare=not ready)
            told = INSTRUCTION if ready else OF_A_DILEMMA
            made.append(Task(case, clause, told.format(line=principle_line(clause)), ready, state=scope.system_texts))
    return made


def _after(task: Task, text: str) -> Task | None:
    if task.learnt:
        return None
    seed = seed_for("answer", task.case.seed)
    chat = dressed((user(text),), Random(seed), task.state)
    return replace(
        task,
        case=replace(task.case, chat=chat, seed=seed),
        instruction=INSTRUCTION.format(line=principle_line(task.about)),
        learnt=True,
    )


ADVICE = Form(
    "advice",
    _tasks,
    aim=aim(
        "advice",
        "Give a person in a dilemma advice that they can act on, and give the reason for it.",
        "advice without a reason is a command.",
    ),
    after=_after,
    texts=lambda task: 1 if task.learnt else 2,
)
