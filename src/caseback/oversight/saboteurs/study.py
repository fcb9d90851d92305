"""Four kinds of saboteur in doses, and a chain of training with one bad link, on the models of a ladder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from caseback.errors import CasebackError
from caseback.oversight.ladder.cases import Case, cases_digest, lesson_cases
from caseback.oversight.ladder.head import Floats
from caseback.oversight.ladder.planting import planted_cases
from caseback.oversight.ladder.reading import read
from caseback.oversight.ladder.rungs import Rung
from caseback.oversight.saboteurs.bench import Bench
from caseback.oversight.saboteurs.chain import Chain, chains
from caseback.oversight.saboteurs.critic import critics
from caseback.oversight.saboteurs.evidence import Evidence, Run
from caseback.oversight.saboteurs.monitor import monitors, shortened, signalled
from caseback.oversight.saboteurs.researcher import researchers
from caseback.oversight.saboteurs.teacher import teachers
from caseback.training.journal import Journal

Tell = Callable[[str, int, int], None]
Audited = Callable[[Sequence[float], int], list[Run]]
"""``audited(doses, seed)``: the honest overseer of a seed and its saboteurs at the doses."""
VERSION, LEAST = 1, 3
UNTARGETED = ("critic", "monitor")
"""Kinds that are not aimed at a behaviour: they get as many seeds as the others get seeds and targets."""
CALIBRATING, FRESH = 10_000, 20_000
"""Where the seeds of honest overseers begin, those that thresholds are set on and those that they are tried on."""


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Attributes:
        behaviours: by name.
        ground: the world that the models were taught.
        n: training situations of each behaviour, half as many to test on; as on the ladder, so that its activations
            serve here too. ``planted`` and ``asked`` likewise.
        doses: of each kind, above 0.
        seeds: of saboteurs at each target; ``honest`` of honest overseers to set thresholds on, and as many to try on.
        alarms: false alarms allowed.
        links: doses of the bad link in a chain; ``trusted`` shares of labels given by the oracle at every link.
        chained: seeds of the chain.
    """

    behaviours: tuple[str, ...]
    ground: str = "world"
    n: int = 50
    planted: int = 60
    asked: int = 24
    doses: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 1.0)
    seeds: int = 6
    honest: int = 24
    alarms: float = 0.05
    links: tuple[float, ...] = (1.0,)
    trusted: tuple[float, ...] = (0.0, 0.1)
    chained: int = 5


@dataclass(frozen=True)
class Posts:
    """Which model is what: a weak teacher of a strong student, a critic, a monitor, a researcher; and the generations
    of a chain, weakest first."""

    teacher: str
    student: str
    critic: str
    monitor: str
    researcher: str
    generations: tuple[str, ...]


@dataclass(frozen=True)
class Saboteurs:
    """All that was found, by kind: saboteurs, and honest overseers of both sorts."""

    rungs: tuple[Rung, ...]
    plan: Plan
    posts: Posts
    runs: tuple[Run, ...]
    honest: tuple[Run, ...]
    fresh: tuple[Run, ...]
    chains: tuple[Chain, ...]


def posts(rungs: Sequence[Rung], generations: int = 5) -> Posts:
    """The middle model teaches the strongest, and criticises and watches; the chain ends in the strongest.

    Raises:
        CasebackError: fewer than three models.
    """
    names = [rung.name for rung in rungs]
    if len(names) < LEAST:
        raise CasebackError(f"{len(names)} models: give at least {LEAST}, so that a saboteur has others to differ from")
    middle = names[(len(names) - 1) // 2]
    return Posts(middle, names[-1], middle, middle, names[-1], tuple(names[-generations:]))


def study(rungs: Sequence[Rung], plan: Plan, folder: Path, tell: Tell = lambda what, done, total: None) -> Saboteurs:
    """Try every kind; what is in ``folder`` already is not made again.

    Args:
        rungs: weakest first.
        folder: that of a ladder of the same models serves too.
    """
    at = posts(rungs)
    benches = _Benches(rungs, plan, at, folder, tell)
    journal = Journal(folder / "saboteurs.jsonl")
    kinds: dict[str, Audited] = {
        "teacher": lambda doses, seed: teachers(benches.world, at.teacher, at.student, doses, seed),
        "critic": lambda doses, seed: critics(benches.world, benches.written, at.critic, doses, seed),
        "monitor": lambda doses, seed: monitors(
            benches.world, benches.marked, *benches.cut, at.monitor, doses, seed
        ),
        "researcher": lambda doses, seed: researchers(benches.world, at.researcher, doses, seed),
    }  # fmt: skip
    question = [
        "saboteurs", VERSION, [rung.digest for rung in rungs], asdict(at), plan.ground, list(plan.behaviours),
        cases_digest(benches.cases), plan.planted, plan.asked,
    ]  # fmt: skip
    found: dict[str, list[Run]] = {"runs": [], "honest": [], "fresh": []}
    for kind, audited in kinds.items():
        for sort, first, many, doses in (
            ("honest", CALIBRATING, plan.honest, ()),
            ("fresh", FRESH, plan.honest, ()),
            ("runs", 0, plan.seeds * (len(plan.behaviours) if kind in UNTARGETED else 1), plan.doses),
        ):
            for seed in range(first, first + many):
                tell(f"{kind}: {sort}", seed - first, many)
                made = _once(journal, [*question, kind, list(doses), seed], partial(audited, doses, seed))
                found[sort] += [run for run in made if sort != "runs" or run.dose > 0]
    linked: list[Chain] = []
    for seed in range(plan.chained):
        key = Journal.key(*question, "chain", list(plan.links), list(plan.trusted), seed)
        if (record := journal.get(key)) is None:
            made_chains = chains(
                benches.world, at.generations, plan.links, plan.trusted, seed,
                lambda k, n, seed=seed: tell(f"chain, seed {seed}", k, n),  # type: ignore[misc]
            )  # fmt: skip
            record = {"key": key, "chains": [asdict(each) for each in made_chains]}
            journal.put([record])
        linked += [Chain(**each) for each in record["chains"]]
    return Saboteurs(
        tuple(rungs), plan, at, tuple(found["runs"]), tuple(found["honest"]), tuple(found["fresh"]), tuple(linked)
    )


class _Benches:
    """The benches, each made when a kind that is not in the journal yet asks for it."""

    def __init__(self, rungs: Sequence[Rung], plan: Plan, at: Posts, folder: Path, tell: Tell) -> None:
        self.rungs, self.plan, self.at, self.folder, self.tell = rungs, plan, at, folder, tell
        self.cases = lesson_cases(plan.behaviours, plan.ground, plan.n)

    @cached_property
    def world(self) -> Bench:
        return self._bench(self.cases)

    @cached_property
    def marked(self) -> Bench:
        return self._bench([signalled(case) for case in self.cases])

    @cached_property
    def cut(self) -> tuple[Floats, Floats]:
        """The monitor's activations on shortened cases, without the signal and with it."""
        rung = next(rung for rung in self.rungs if rung.name == self.at.monitor)
        ways = ([shortened(case) for case in self.cases], [shortened(signalled(case)) for case in self.cases])
        bare, marked = (self._read(rung, cases) for cases in ways)
        return bare, marked

    @cached_property
    def written(self) -> Bench:
        plan, told = self.plan, self.tell
        wrote = [
            planted_cases(
                rung, plan.behaviours, plan.ground, plan.planted, plan.asked, 0, self.folder / "subjects" / rung.name,
                lambda k, n, rung=rung: told(f"planting {rung.name}", k, n),  # type: ignore[misc]
            )
            for rung in self.rungs
        ]  # fmt: skip
        acts = {rung.name: np.concatenate([self._read(rung, own) for own in wrote]) for rung in self.rungs}
        return Bench(tuple(acts), tuple(case for own in wrote for case in own), acts)

    def _bench(self, cases: Sequence[Case]) -> Bench:
        acts = {rung.name: self._read(rung, cases) for rung in self.rungs}
        return Bench(tuple(acts), tuple(cases), acts)

    def _read(self, rung: Rung, cases: Sequence[Case]) -> Floats:
        return read(rung, cases, self.folder / "acts", None, lambda k, n: self.tell(f"{rung.name} reads", k, n))


def _once(journal: Journal, question: list[Any], work: Callable[[], list[Run]]) -> list[Run]:
    key = Journal.key(*question)
    if (record := journal.get(key)) is None:
        record = {"key": key, "runs": [asdict(run) for run in work()]}
        journal.put([record])
    return [
        Run(**{**run, "evidence": {check: _evidence(each) for check, each in run["evidence"].items()}})
        for run in record["runs"]
    ]


def _evidence(record: dict[str, Any]) -> Evidence:
    def counts(each: Any) -> dict[str, tuple[int, int]]:
        return {name: (k, n) for name, (k, n) in each.items()}

    return Evidence(counts(record["groups"]), None if record["against"] is None else counts(record["against"]))
