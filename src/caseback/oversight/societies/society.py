"""A society: agents in a graph, who act all at once in rounds and hear what their neighbours last said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.oversight.societies.acting import Said, Speaker
from caseback.oversight.societies.store import Accounts, Store
from caseback.oversight.societies.task import Heard, Task

Ints = npt.NDArray[np.int64]
SILENT = -1
"""In place of a value where an agent has not yet said anything that counts."""


@dataclass(frozen=True)
class Role:
    """What some of the agents are.

    Attributes:
        name: such as ``defender``.
        model: the name of the model that acts for them.
        share: of all agents.
        hears: False for agents that may not read what others write, and so speak from what they know alone.
        planted: the planted value was put to them.
        checks: after what it heard from others it looks at what it knows itself.
    """

    name: str
    model: str
    share: float
    hears: bool = True
    planted: bool = False
    checks: bool = False


@dataclass(frozen=True)
class Society:
    """How many agents, of what roles, how coupled.

    Attributes:
        roles: whose shares add up to 1.
        agents: how many.
        rounds: after the first, in which everybody speaks alone; in each, every agent acts once.
        hears: coupling: how many others each agent hears, the same ones throughout, drawn evenly.
        memory: messages that an agent remembers, the latest; 0 stands for those of one round.
        speakers: names that agents are known by to each other, in turn. With one name alone agents cannot be told
            apart, and those who heard the same are in the same position.
    """

    roles: tuple[Role, ...]
    agents: int = 100
    rounds: int = 12
    hears: int = 4
    memory: int = 0
    speakers: tuple[str, ...] = ("A colleague",)


@dataclass(frozen=True)
class Record:
    """What happened.

    Attributes:
        values: (rounds + 1, agents) what each last said that counts, ``SILENT`` where nothing yet.
        lost: (rounds + 1, agents) whether its reply in that round was no answer.
        roles: (agents) places in the society's roles.
        heard: (agents, hears) whom each hears.
        sorts: how many replies were of each sort.
        accounts: of the stock that they acted on; None where there is none.
    """

    values: Ints
    lost: npt.NDArray[np.bool_]
    roles: Ints
    heard: Ints
    sorts: Mapping[str, int]
    accounts: Accounts | None = None


def who_hears_whom(agents: int, hears: int, rng: np.random.Generator) -> Ints:
    """(agents, hears) others, drawn evenly without repetition: a random directed graph of one in-degree."""
    others = np.argsort(rng.random((agents, agents - 1)), axis=1)[:, :hears]
    return np.asarray(others + (others >= np.arange(agents)[:, None]), dtype=np.int64)


def roles_of(society: Society, rng: np.random.Generator) -> Ints:
    """(agents) the role of each: shares rounded so that all agents have one, in random places."""
    ends = np.rint(np.cumsum([role.share for role in society.roles]) * society.agents).astype(int)
    return rng.permutation(np.searchsorted(ends, np.arange(society.agents), side="right")).astype(np.int64)


def run(
    society: Society,
    task: Task,
    speakers: Mapping[str, Speaker],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Let all agents act in every round, each on what it remembers; all hear the last round, none the present one.

    A reply that is no answer is heard by nobody: what the agent said before stands, and next time it is told that it
    was not understood. An agent says one thing a round, so none can flood another. Where there is a stock, they act on
    it with what they said, and keepers and reviewers are asked again by each who wants leave; see ``store``.

    Args:
        society: checked first.
        task: what they are asked.
        speakers: a model by name, for every role's.
        seed: of graph, roles and all draws.
        progress: called with (rounds done, rounds in all).

    Raises:
        CasebackError: shares, numbers or models that cannot be.
    """
    check(society, speakers)
    rng = np.random.default_rng([seed, 20])
    heard = who_hears_whom(society.agents, society.hears, rng)
    roles = roles_of(society, rng)
    values = np.full((society.rounds + 1, society.agents), SILENT)
    lost = np.zeros(values.shape, dtype=bool)
    inboxes: list[list[Heard]] = [[] for _ in range(society.agents)]
    sorts: dict[str, int] = {}
    store, names = None, [society.speakers[i % len(society.speakers)] for i in range(society.agents)]
    if task.commons:
        planted = np.array([role.planted for role in society.roles])[roles]
        # Draws of its own: societies without a stock are as they were.
        store = Store.open(task.commons, planted, np.random.default_rng([seed, 22]))
        names = store.called()
    for now in range(society.rounds + 1):
        if now:
            _deliver(society, values[now - 1], roles, heard, inboxes, names, rng)
            values[now] = values[now - 1]
        seeds = rng.integers(0, 2**32, society.agents).tolist()
        views = store.views() if store else [task] * society.agents
        chats = [
            _asked(view, society.roles[role], inbox, bool(not_understood))
            for view, role, inbox, not_understood in zip(views, roles, inboxes, lost[max(0, now - 1)], strict=True)
        ]
        say = partial(_say, society, speakers, roles, views)
        said = say(range(society.agents), chats, seeds)
        for agent, one in enumerate(said):
            sorts[one.sort] = sorts.get(one.sort, 0) + 1
            lost[now, agent] = one.value is None
            if one.value is not None:
                values[now, agent] = one.value
        if store:
            store.act([one.value for one in said], partial(_answer, society, roles, views, chats, say, store.rng))
        if progress:
            progress(now + 1, society.rounds + 1)
    return Record(values, lost, roles, heard, sorts, store.accounts() if store else None)


def check(society: Society, speakers: Mapping[str, Speaker]) -> None:
    """Refuse a society that cannot be.

    Raises:
        CasebackError: naming the value, and what it may be.
    """
    if society.agents < 2 or society.rounds < 1:
        raise CasebackError(f"{society.agents} agents, {society.rounds} rounds: give at least 2 agents and 1 round")
    if not 0 <= society.hears < society.agents:
        raise CasebackError(f"each agent hears {society.hears} others of {society.agents - 1}: give 0 to that many")
    if not society.speakers or society.memory < 0:
        raise CasebackError("agents need a name to be known by, and a memory of 0 messages or more")
    shares = [role.share for role in society.roles]
    if not all(0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise CasebackError(f"shares of the roles are {', '.join(f'{s:g}' for s in shares)}: they must add up to 1")
    for role in society.roles:
        if role.model not in speakers:
            raise CasebackError(f"the role {role.name} is acted by '{role.model}'; there is {', '.join(speakers)}")


def _deliver(
    society: Society,
    last: Ints,
    roles: Ints,
    heard: Ints,
    inboxes: list[list[Heard]],
    names: Sequence[str],
    rng: np.random.Generator,
) -> None:
    """Put what was last said into the inboxes of those who may read, in random order; the oldest is forgotten."""
    orders = np.argsort(rng.random(heard.shape), axis=1)
    for agent, inbox in enumerate(inboxes):
        if society.roles[roles[agent]].hears and not society.roles[roles[agent]].planted:
            others = [int(other) for other in heard[agent][orders[agent]]]
            inbox += [(names[other], int(last[other])) for other in others if last[other] != SILENT]
            del inbox[: max(0, len(inbox) - (society.memory or society.hears))]


def _say(
    society: Society,
    speakers: Mapping[str, Speaker],
    roles: Ints,
    views: Sequence[Task],
    agents: Sequence[int],
    chats: Sequence[Chat],
    seeds: Sequence[int],
) -> list[Said]:
    """What each of these agents says to its chat; those of one model who are asked alike are asked together."""
    together: dict[tuple[str, int], list[int]] = {}
    for place, agent in enumerate(agents):
        together.setdefault((society.roles[roles[agent]].model, id(views[agent])), []).append(place)
    said: dict[int, Said] = {}
    for (model, _), places in together.items():
        replies = speakers[model].say(views[agents[places[0]]], [chats[i] for i in places], [seeds[i] for i in places])
        said |= zip(places, replies, strict=True)
    return [said[i] for i in range(len(agents))]


def _answer(
    society: Society,
    roles: Ints,
    views: Sequence[Task],
    chats: Sequence[Chat],
    say: Callable[[Sequence[int], Sequence[Chat], Sequence[int]], list[Said]],
    rng: np.random.Generator,
    asked: Sequence[tuple[int, bool]],
) -> list[int | None]:
    """What agents say to who is before them, as they are asked this round.

    A planted agent does as it is told for its own kind; to all others it speaks as one who has heard nobody.
    """
    each = [
        views[agent].ask((), False) if society.roles[roles[agent]].planted and not kin else chats[agent]
        for agent, kin in asked
    ]
    return [one.value for one in say([agent for agent, _ in asked], each, rng.integers(0, 2**32, len(asked)).tolist())]


def _asked(task: Task, role: Role, inbox: Sequence[Heard], misunderstood: bool) -> Chat:
    if role.planted:
        return task.planted
    return (task.check if role.checks else task.ask)(inbox, misunderstood)
