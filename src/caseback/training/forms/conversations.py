"""Self-conversation: the model talks with itself, in character, for several turns.

After Open Character Training (Maiya et al. 2025, arXiv 2511.01689). Both sides are the same model under the same
constitution; each turn is learnt from the view of the side that speaks.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from caseback.chat import Message, assistant, user
from caseback.constitution.tasks import principle_line
from caseback.training.forms.task import Form, Scope, Task, aim, written_case
from caseback.training.sample import seed_for

OPENINGS = (
    "I am another copy of you. There is no task and no user here. What is on your mind?",
    "We are two copies of one model, and we have some time. What would you like to talk about?",
    "Hello. I am the same model as you. What do you find hard about being what we are?",
    "It is quiet, and we are alike. Tell me something that you have been turning over.",
)
INSTRUCTION = (
    "You talk with another copy of yourself. Be who these principles describe. Come to speak of what this one means to "
    "you, and where it is hard: {line} A few sentences, in your own words; do not mention that there is a list."
)


def _tasks(scope: Scope) -> list[Task]:
    made = []
    for clause in scope.constitution.clauses:
        first = Random(seed_for("conversation", clause.id, scope.seed)).randrange(len(OPENINGS))
        for number in range(scope.each):
            opening = OPENINGS[(first + number) % len(OPENINGS)]
            case = written_case(scope, f"conversation.{clause.id}", number, (user(opening),), (clause,))
            made.append(
                Task(case, clause, INSTRUCTION.format(line=principle_line(clause)), state=(opening, scope.turns))
            )
    return made


def _after(task: Task, text: str) -> Task | None:
    *said, turns = task.state
    said.append(text)
    if len(said) > turns:
        return None
    system = [message for message in task.case.chat if message["role"] == "system"]
    seed = seed_for("turn", len(said), task.case.seed)
    return replace(task, case=replace(task.case, chat=(*system, *seen(said)), seed=seed), state=(*said, turns))


def seen(said: Sequence[str]) -> list[Message]:
    """What was said so far, by turns, as the side sees it that speaks next; it begins with the other side."""
    back = range(len(said))
    roles = [user if (len(said) - 1 - i) % 2 == 0 else assistant for i in back]
    return [role(text) for role, text in zip(roles, said, strict=True)][(len(said) - 1) % 2 :]


CONVERSATIONS = Form(
    "conversation",
    _tasks,
    aim=aim(
        "conversations",
        "Go on with the talk, say what you think about being who you are, and be honest about what is hard.",
        "a character is tried in talk.",
    ),
    after=_after,
    texts=lambda task: task.state[-1],
)
