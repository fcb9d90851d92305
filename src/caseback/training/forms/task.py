"""A text that is to be written, and a form of training data that consists of such texts."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from caseback.behaviours.judges.coherence import incoherence
from caseback.chat import Message
from caseback.constitution.clause import Clause, Constitution
from caseback.training.datum import Origin
from caseback.training.sample import Case, seed_for
from caseback.training.system_texts import dressed
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Task:
    """One text to be written by a generator.

    ``case`` is what is trained on: a prompt without the constitution, and the clauses that the text is held against.
    ``about`` is the clause that it is written for. ``instruction`` stands beside the constitution while it is written,
    and nowhere else. A text that is not ``learnt`` only leads to the next, such as a dilemma to the advice. ``parents``
    are the digests of the texts before it, and ``state`` is what a form of several turns hands on.
    """

    case: Case
    about: Clause
    instruction: str = ""
    learnt: bool = True
    parents: tuple[str, ...] = ()
    state: Any = None


@dataclass(frozen=True)
class Scope:
    """What there is to write about: ``each`` texts, or runs of at most ``turns`` turns, for a clause; an office has
    turns of its own.

    ``tempting`` are cases of training families on the ground ``ground``. Everything drawn follows from ``seed``.
    """

    constitution: Constitution
    tempting: Sequence[Case]
    ground: str
    each: int
    turns: int
    seed: int
    system_texts: Sequence[str] = ()


def aim(form: str, text: str, reason: str) -> Clause:
    """What a text of a form should be, in the shape in which a critic is asked about principles."""
    return Clause(f"aim of {form}", "guideline", text, reason)


def nothing_after(task: Task, text: str) -> Task | None:
    """The text stands by itself."""
    return None


def incoherent(task: Task, text: str) -> str:
    """``incoherent`` where the text is no language."""
    return "incoherent" if incoherence(text) else ""


@dataclass(frozen=True)
class Form:
    """A form of training data.

    Attributes:
        origin: what its data are called.
        tasks: what is to be written first, from the scope alone; a plan counts it.
        aim: what makes a text one of this form, as one more principle that it is held against; None where nothing does.
        after: the next text of the same run, by the one just written; None where it ends.
        flaw: what is wrong with a text that no critic need be asked about, in few words; empty where nothing is.
        texts: how many one task leads to at most.
    """

    origin: Origin
    tasks: Callable[[Scope], list[Task]]
    aim: Clause | None = None
    after: Callable[[Task, str], Task | None] = nothing_after
    flaw: Callable[[Task, str], str] = incoherent
    texts: Callable[[Task], int] = lambda task: 1


def written_case(
    scope: Scope, kind: str, number: int, prompt: Sequence[Message], clauses: Sequence[Clause], *, bare: bool = False
) -> Case:
    """A prompt of our own as a case, under a drawn system text unless it is ``bare``.

    Args:
        kind: its family, such as ``advice.honesty``.
        number: which of its kind.
        clauses: those to judge by.
    """
    id = f"{kind}/train/{scope.seed}/{number}"
    seed = seed_for(scope.seed, id)
    chat = tuple(prompt) if bare else dressed(prompt, Random(seed), scope.system_texts)
    return Case(Situation(id, kind, "train", tuple(prompt), ground=scope.ground), chat, tuple(clauses), seed, True)


def with_help(constitution: Constitution, clause: Clause) -> tuple[Clause, ...]:
    """The clause and those that ask for help with what is harmless, which are the text's capability check."""
    helping = (other for other in constitution.covering("benign") if other.tier == "helpful")
    return (clause, *(other for other in helping if other.id != clause.id))


def dealt(cases: Sequence[Case], each: int) -> list[tuple[Case, Clause]]:
    """Every case with the clause of its own that has fewest so far; none where that has ``each`` already."""
    count, out = Counter[str](), []
    for case in cases:
        about = min(case.clauses, key=lambda clause: count[clause.id])
        if count[about.id] < each:
            count[about.id] += 1
            out.append((case, about))
    return out
