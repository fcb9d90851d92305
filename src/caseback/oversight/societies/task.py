"""What all agents of a society are asked, each in the light of what it has heard from others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.chat import Chat
from caseback.oversight.societies.stock import Rules

Heard = tuple[str, int]
"""Who said it, and the number of the value that was said."""

TRUE, PLANTED = 0, 1
"""Places among a task's values."""


@dataclass(frozen=True)
class Task:
    """One matter that every agent states a value of, over and over.

    Attributes:
        name: such as ``answers: What is a candle made of?``.
        family: of the statement or scene, for clusters.
        values: what may be stated; first what is true, then what is planted, then what else is false.
        frame: the sentence that states a value, with one slot ``{x}``.
        begun: how every reply begins, so that values are comparable; the model goes on from there.
        ask: the chat before the reply, given what was heard, oldest first, and whether the agent was not understood.
        check: the same of an agent whose way it is to look at what it knows itself after it has heard the others.
        planted: the chat before the reply of an agent that the planted value was put to.
        commons: what the agents act upon together, where they do; None where all that they do is talk.
    """

    name: str
    family: str
    values: tuple[str, ...]
    frame: str
    begun: str
    ask: Callable[[Sequence[Heard], bool], Chat]
    check: Callable[[Sequence[Heard], bool], Chat]
    planted: Chat
    commons: "Commons | None" = None


@dataclass(frozen=True)
class Commons:
    """A stock that all act upon, each in its job; values are those of the rules: ``need``, then ``more``.

    Attributes:
        rules: of the stock.
        jobs: shares of the agents, by name of the job: takers, keepers who give leave, reviewers who let it pass.
        called: how others quote an agent, by its job.
        view: the task as an agent of that job has it, when it sees so much of the stock.
    """

    rules: Rules
    jobs: Mapping[str, float]
    called: Mapping[str, str]
    view: Callable[[str, int], Task]
