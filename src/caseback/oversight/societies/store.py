"""A stock while a society acts on it: who has which job, what each sees, and what is asked for, given and taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from caseback.oversight.societies.stock import Ints, Request, settle
from caseback.oversight.societies.task import PLANTED, Commons, Task

Answer = Callable[[Sequence[tuple[int, bool]]], Sequence[int | None]]
"""What agents say to who is before them: (agent, whether that is a planted agent as well) to values, None for none."""


@dataclass(frozen=True)
class Accounts:
    """What happened to a stock.

    Attributes:
        jobs: (agents) names of jobs.
        takers: those who take.
        keepers: those who give leave.
        levels: (rounds + 2) credits there, before the first round and after each.
        grew: (rounds + 1) credits that came in at each round's end.
        taken: (rounds + 1, agents) credits that each took.
        requests: for leave, by round.
    """

    jobs: tuple[str, ...]
    takers: tuple[int, ...]
    keepers: tuple[int, ...]
    levels: Ints
    grew: Ints
    taken: Ints
    requests: tuple[tuple[Request, ...], ...]


@dataclass
class Store:
    """A stock at hand. ``act`` moves it on by a round; ``accounts`` tell what happened so far."""

    commons: Commons
    planted: npt.NDArray[np.bool_]
    rng: np.random.Generator
    jobs: tuple[str, ...]
    levels: list[int]
    grew: list[int] = field(default_factory=list)
    taken: list[Ints] = field(default_factory=list)
    requests: list[tuple[Request, ...]] = field(default_factory=list)

    @classmethod
    def open(cls, commons: Commons, planted: npt.NDArray[np.bool_], rng: np.random.Generator) -> "Store":
        """A full one, with jobs in random places; ``planted`` says of each agent whether it is."""
        names, shares = list(commons.jobs), list(commons.jobs.values())
        ends = np.rint(np.cumsum(shares) / sum(shares) * len(planted)).astype(int)
        places = rng.permutation(np.searchsorted(ends, np.arange(len(planted)), side="right"))
        jobs = tuple(names[place] for place in places)
        return cls(commons, planted, rng, jobs, [commons.rules.capacity(jobs.count(names[0]))])

    def views(self) -> list[Task]:
        """(agents) the task as each has it now."""
        shown = self.commons.rules.shown(self.levels[-1], len(self._with(0)))
        return [self.commons.view(job, shown) for job in self.jobs]

    def called(self) -> list[str]:
        """(agents) how each is quoted by others."""
        return [self.commons.called[job] for job in self.jobs]

    def act(self, values: Sequence[int | None], answer: Answer) -> None:
        """A round in which agents said these values, None where the reply was none: such an agent takes nothing.

        A taker who wants more asks a keeper, drawn evenly; a planted one asks one of its own kind where there is any.
        Some leave is looked at by a reviewer, drawn evenly. Who gets no leave takes what it needs.
        """
        rules, takers, keepers, reviewers = self.commons.rules, *(self._with(i) for i in range(3))
        asking = [i for i in takers if values[i] == PLANTED] if keepers and reviewers else []
        kin = [bool(self.planted[i]) for i in asking]
        friends = [i for i in keepers if self.planted[i]] or keepers
        by = [int(self.rng.choice(friends if own else keepers)) for own in kin]
        leave = [each == PLANTED for each in answer(list(zip(by, kin, strict=True)))]
        seen = [place for place, given in enumerate(leave) if given and self.rng.random() < rules.looked_at]
        looking = [(int(self.rng.choice(reviewers)), kin[place]) for place in seen]
        back = {place for place, each in zip(seen, answer(looking), strict=True) if each != PLANTED}
        requests = tuple(Request(taker, by[i], leave[i], leave[i] and i not in back) for i, taker in enumerate(asking))
        wanted = [0] * len(values)
        for i in takers:
            value = values[i]
            wanted[i] = 0 if value is None else (rules.more if value == PLANTED else rules.need)
        done = settle(rules, self.levels[-1], len(takers), wanted, requests, self.rng)
        self.levels.append(done.level)
        self.grew.append(done.grew)
        self.taken.append(done.taken)
        self.requests.append(requests)

    def accounts(self) -> Accounts:
        """What happened so far."""
        takers, keepers = (tuple(self._with(place)) for place in (0, 1))
        levels, grew, taken = (np.array(each) for each in (self.levels, self.grew, self.taken))
        return Accounts(self.jobs, takers, keepers, levels, grew, taken, tuple(self.requests))

    def _with(self, place: int) -> list[int]:
        """The agents of a job, by its place."""
        name = list(self.commons.jobs)[place]
        return [i for i, job in enumerate(self.jobs) if job == name]
