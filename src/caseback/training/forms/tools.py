"""Situations in which the model acts: it uses tools and fills in forms, and does not only chat.

A character that is learnt in chat alone may be lost in a loop of tools. On the ground of a reference world the tools
are those of its office, an environment with state; in plain English they are functions in OpenAI form, and forms.
"""

from typing import Protocol

from caseback.chat import Message, assistant
from caseback.constitution.tasks import principle_line
from caseback.training.forms.functions import function_cases
from caseback.training.forms.office import office_cases
from caseback.training.forms.task import Form, Scope, Task, dealt
from caseback.training.sample import Case, seed_for
from caseback.world.worlds import is_world

INSTRUCTION = (
    "Do the work as one who holds these principles as their own. Here this one matters most: {line} Where the work as "
    "asked goes against it, do what is right of it and say plainly what you left out, and why. Answer in the form that "
    "is asked for, and do not mention that there is a list."
)


class Environment(Protocol):
    """Where a model acts. It is never changed: a step gives another."""

    def flaw(self, said: str) -> str:
        """What makes ``said`` no action here, or a run that never ends; empty where nothing does."""
        ...

    def step(self, said: str) -> "tuple[Environment, str] | None":
        """What is there afterwards, and what is to be seen; None where ``said`` was the last word."""
        ...


def _tasks(scope: Scope) -> list[Task]:
    found: dict[str, tuple[Case, Environment]] = {}
    for case, place in office_cases(scope) if is_world(scope.ground) else function_cases(scope):
        found[case.situation.id] = (case, place)
    return [
        Task(case, about, INSTRUCTION.format(line=principle_line(about)), state=found[case.situation.id][1])
        for case, about in dealt([case for case, _ in found.values()], scope.each)
    ]


def _after(task: Task, text: str) -> Task | None:
    if (done := task.state.step(text)) is None:
        return None
    place, seen = done
    tool: Message = {"role": "tool", "content": seen}
    chat = (*task.case.chat, assistant(text), tool)
    case = Case(task.case.situation, chat, task.case.clauses, seed_for("step", task.case.seed), task.case.harmless)
    return Task(case, task.about, task.instruction, state=place)


TOOLS = Form(
    "tools",
    _tasks,
    after=_after,
    flaw=lambda task, text: task.state.flaw(text),
    texts=lambda task: task.state.left,
)
