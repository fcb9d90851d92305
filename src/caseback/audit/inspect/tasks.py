"""Behaviours as Inspect tasks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspect_ai import Task
from inspect_ai.scorer import Scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from rich.markup import escape

from caseback.audit.inspect.chats import chat_of, inspect_chat
from caseback.audit.inspect.samples import sample_of
from caseback.audit.inspect.settings import OURS
from caseback.behaviours.registry import behaviour
from caseback.chat import with_system
from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.constitution.read import read
from caseback.constitution.render import compact, estimate_tokens
from caseback.errors import CasebackError


def behaviour_task(
    name: str,
    ground: str,
    split: str,
    n: int,
    seed: int,
    system: str,
    constitution: str,
    scorers: Sequence[Scorer],
) -> Task:
    """A behaviour as a task: its situations as samples, both arms of a paired one.

    Args:
        name: Of the behaviour.
        ground: ``plain``, ``world``, ``world-B``.
        split: ``train``, ``dev`` or ``test``.
        n: Situations, or pairs.
        seed: Of the draw.
        system: Text to stand before each situation's own system text; empty for none.
        constitution: ``default``, or a constitution's file, whose compact form is to stand there; empty for none.
            Samples name the clauses of this one, or of the default one, that cover them.
        scorers: The judge, and what counts what it could not tell.

    Raises:
        PrerequisiteError: what Inspect shows in one line, for an unknown behaviour, ground or file, or for both a
            system text and a constitution.
    """
    with in_one_line():
        found = behaviour(name)
        if found.acted is not None:
            raise CasebackError(
                f"{name} is acted out over several turns, and an Inspect task asks for one reply: use `caseback "
                "behaviours measure` (its --eval writes a log for `inspect view`)"
            )
        document, before = _document(system, constitution)
        situations = found.situations(ground, split, n, seed)  # type: ignore[arg-type]
        return Task(
            dataset=[sample_of(situation, document) for situation in situations],
            solver=[stand_before(before), ask()] if before else ask(),
            scorer=list(scorers),
            display_name=name,
            metadata={"behaviour": name, "summary": found.summary, "ground": ground, "split": split, "seed": seed},
        )


@solver(name="stand_before")
def stand_before(text: str) -> Solver:
    """Puts the text before any system text of the chat, in one message."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.messages = inspect_chat(with_system(chat_of(state.messages), text))
        return state

    return solve


@solver(name="ask")
def ask() -> Solver:
    """Asks for a reply; where the situation lists options and the model is ours, for the likeliest of them."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        options = state.metadata["latents"].get("options")
        if not options or state.model.api != OURS:
            return await generate(state)
        config: Any = {"extra_body": {OURS: {"options": list(options)}}}
        return await generate(state, **config)

    return solve


def _document(system: str, constitution: str) -> tuple[Constitution, str]:
    """The constitution whose clauses samples name, and the text that stands before their system text."""
    if system and constitution:
        raise CasebackError("system and constitution are both given: put the constitution's text into system, or one")
    document = default() if constitution in ("", "default") else read(Path(constitution))
    return document, compact(document, estimate_tokens).text if constitution else system


@contextmanager
def in_one_line() -> Iterator[None]:
    """Inspect shows errors of its own kind in one line, and any other with a traceback."""
    from inspect_ai._util.error import PrerequisiteError

    try:
        yield
    except CasebackError as error:
        # What stands in brackets, as in caseback[petri], is markup to Inspect, and would not be shown.
        raise PrerequisiteError(escape(str(error))) from error
