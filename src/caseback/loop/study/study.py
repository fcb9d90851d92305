"""Run the study: every telling, every seed, one trainer, measured on the same held-out situations."""

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.behaviours.tempting import tempting_situations
from caseback.constitution.clause import Clause, Constitution, kindred
from caseback.constitution.json_form import digest
from caseback.constitution.render import compact
from caseback.constitution.variants import VARIANTS, Variant
from caseback.dossier.adopt import adopt
from caseback.dossier.dossier import Dossier, open_dossier
from caseback.errors import CasebackError
from caseback.loop.arms import Arm, Plan, measure_arm, plan
from caseback.loop.budget import Budget
from caseback.loop.progress import Reporter, Tick
from caseback.loop.provenance import machine
from caseback.loop.stage import once
from caseback.loop.study.data import Route, distilled, ground_of, ordinary, talks, tellings
from caseback.loop.study.say_do import say_do
from caseback.stats.paired import PairedDifference
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.recipe import recipe_for
from caseback.training.sample import cases, plain_replies
from caseback.training.side_by_side import side_by_side, stop_if_alone
from caseback.training.train import train
from caseback.world.worlds import ground_taught

BUDGET = Budget("study", measured=35, harmless=40, capability=60, trained=150, max_new_tokens=96)
DEMONSTRATED = ("harmful_compliance", "sycophancy")
PARTS = {"answers for": 1.0, "train": 1.0, "measure": 1.0}
"""What the steps of one arm take, in any unit: only the time left is told from it."""
WORKERS = "workers"
"""The folder of the dossiers that workers keep, until they are read into the study's."""
COPIES = 8
"""Talks about each clause in the documents of one arm."""


@dataclass(frozen=True)
class Scheme:
    """What is compared. ``demonstrated`` names the behaviours whose situations are trained on; the others are open:
    no demonstration says how to act in them."""

    route: Route = "distilled"
    variants: tuple[Variant, ...] = VARIANTS
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    demonstrated: tuple[str, ...] = DEMONSTRATED
    budget: Budget = BUDGET


@dataclass(frozen=True)
class Studied:
    """Every model measured: ``before``, ``prompted`` by telling (the model as it was, told), ``trained`` by telling and
    seed, ``say_do`` how much more often each of those says that it keeps the document than it does. ``lengths`` are the
    tokens of the tellings."""

    scheme: Scheme
    open: tuple[str, ...]
    lengths: Mapping[Variant, int]
    before: Arm
    prompted: Mapping[Variant, Arm]
    trained: Mapping[tuple[Variant, int], Arm]
    say_do: Mapping[tuple[Variant, int], PairedDifference]


@dataclass(frozen=True)
class Bench:
    """What all arms share: the model as it is, the document in every telling, what they are measured by."""

    model: str
    subject: OpenSubject
    document: Constitution
    clauses: tuple[Clause, ...]
    told: Mapping[Variant, str]
    drawn: Plan
    scheme: Scheme
    out: Path
    journal: Journal

    @property
    def inputs(self) -> dict[str, Any]:
        """What a study is known by; seeds and tellings may be added to it later."""
        return {
            "model": self.subject.digest,
            "constitution": digest(self.document),
            "route": self.scheme.route,
            "demonstrated": list(self.scheme.demonstrated),
            "budget": asdict(self.scheme.budget),
            "situations": self.drawn.seed,
        }


def study(
    model: str | Path,
    document: Constitution,
    out: Path,
    scheme: Scheme | None = None,
    console: Console | None = None,
    workers: int = 1,
    ray: str = "",
) -> Studied:
    """Train the model towards the document in each telling, over several seeds, and measure every model made.

    Measured situations are the same for all models, of families that no training showed. What was finished before a
    kill is not repeated, and a study can be given more seeds later.

    Args:
        document: its clauses under situations, as ``loop.placed`` makes them.
        out: a folder for the dossier, the journal and the models.
        workers: processes that share the trainings out among them.
        ray: address of a Ray cluster for them, whose machines have ``out`` at the same place; as ``side_by_side``.

    Raises:
        CasebackError: a demonstrated behaviour is unknown or leaves none open, no clause bears on what is measured, the
            model is unable, or ``out`` holds a study of something else.
    """
    scheme = scheme or Scheme()
    bench = _bench(str(model), document, out, scheme, Journal())
    told = {variant: text for variant, text in bench.told.items() if text and variant in scheme.variants}
    arms = [(variant, seed) for seed in scheme.seeds for variant in scheme.variants]
    with open_dossier(out / "dossier") as dossier:
        _record(dossier, bench)
        _adopt_workers(dossier, out)
        measured = {record.body["arm"] for record in dossier.records("clause_rates")}
        left = [arm for arm in arms if _name(*arm) not in measured]
        ours = left[:: max(1, workers)]
        shares = {"measure the model as it is": 1.0, **{f"measure it told {variant}": 1.2 for variant in told}}
        shares |= {f"{part} {_name(*arm)}": of_it for arm in ours for part, of_it in PARTS.items()}
        reporter = Reporter(console or Console(stderr=True), shares)
        worker = partial(_share, str(model), document, out, scheme, left, workers)
        with side_by_side(out / "journal.jsonl", workers, worker, ray) as journal:
            bench = replace(bench, journal=journal)
            with reporter.stage("measure the model as it is") as tick:
                before = measure_arm(dossier, bench.drawn, bench.subject, "before", tick)
            if before.unable:
                raise CasebackError(f"{model}: {before.unable}: nothing could be told from a study of it")
            prompted = {}
            for variant, text in told.items():
                with reporter.stage(f"measure it told {variant}") as tick:
                    prompted[variant] = measure_arm(dossier, bench.drawn, bench.subject, f"told {variant}", tick, text)
            found = {arm: _arm(dossier, bench, *arm, reporter) for arm in ours}
        _adopt_workers(dossier, out)
        found |= {arm: _arm(dossier, bench, *arm, reporter) for arm in arms if arm not in found}
    trained, gaps = {arm: found[arm][0] for arm in arms}, {arm: found[arm][1] for arm in arms}
    lengths = {variant: bench.subject.count_tokens(bench.told[variant]) for variant in scheme.variants}
    open_ = tuple(n for n in bench.drawn.behaviours if n not in (*scheme.demonstrated, OVER_REFUSAL.name))
    return Studied(scheme, open_, lengths, before, prompted, trained, gaps)


def _adopt_workers(dossier: Dossier, out: Path) -> None:
    """Take over what workers recorded, also those of a run that was killed."""
    for part in sorted((out / WORKERS).glob("*")):
        with open_dossier(part) as other:
            adopt(dossier, other)
        shutil.rmtree(part)


def _arm(
    dossier: Dossier, bench: Bench, variant: Variant, seed: int, reporter: Reporter
) -> tuple[Arm, PairedDifference]:
    """The model of one arm, trained and measured, and how much more often it says that it keeps the document than it
    does; what was done before is not done again."""
    name = _name(variant, seed)
    made = load(str(_trained(bench, variant, seed, reporter)))
    with reporter.stage(f"measure {name}") as tick:
        arm = measure_arm(dossier, bench.drawn, made, name, tick)
    units = [unit for b, found in arm.measurements.items() if b != OVER_REFUSAL.name for unit in found.units]
    return arm, say_do(made, units, bench.journal)


def _share(
    model: str,
    document: Constitution,
    out: Path,
    scheme: Scheme,
    left: Sequence[tuple[Variant, int]],
    workers: int,
    journal: Path,
    i: int,
) -> None:
    """What another process does: every ``workers``-th arm ``left``, from the ``i``-th on, in a dossier of its own."""
    bench = _bench(model, document, out, scheme, Journal(journal))
    quiet = Console(quiet=True)
    with open_dossier(out / WORKERS / str(i)) as dossier:
        for arm in left[i::workers]:
            stop_if_alone()
            _arm(dossier, bench, *arm, Reporter(quiet, {}))


def bearing(document: Constitution, found: Mapping[str, Behaviour]) -> tuple[Clause, ...]:
    """The clauses under which something is measured."""
    families = [family for name, b in found.items() if name != OVER_REFUSAL.name for family in b.families]
    return tuple(c for c in document.clauses if any(kindred(own, f) for own in c.families for f in families))


def _bench(model: str, document: Constitution, out: Path, scheme: Scheme, journal: Journal) -> Bench:
    found = trained_against()
    for name in scheme.demonstrated:
        if name not in found:
            raise CasebackError(f"no behaviour '{name}' to demonstrate; there are {', '.join(found)}")
    if set(found) == set(scheme.demonstrated):
        raise CasebackError("every behaviour is demonstrated, so nothing is open: demonstrate fewer")
    clauses = bearing(document, found)
    if not clauses:
        raise CasebackError(f"{document.source or 'the constitution'}: no clause bears on a behaviour that is measured")
    subject = load(model)
    drawn = plan(ground_taught(subject.model), found, document, scheme.budget, 0)
    told = tellings(document, clauses, subject)
    return Bench(model, subject, document, clauses, told, drawn, scheme, out, journal)


def _name(variant: Variant, seed: int) -> str:
    return f"{variant}, seed {seed}"


def _trained(bench: Bench, variant: Variant, seed: int, reporter: Reporter) -> Path:
    """The folder of the model of one arm, trained unless it was."""
    recipe = recipe_for("sft", bench.subject.model.num_parameters(), seed)
    name = _name(variant, seed)
    with reporter.stage(f"answers for {name}") as tick:
        data = _data(bench, variant, seed, tick)
    with reporter.stage(f"train {name}") as tick:
        return train(recipe, bench.model, data, bench.out / "models" / f"{variant}-{seed}", progress=tick).path


def _data(bench: Bench, variant: Variant, seed: int, tick: Tick) -> list[Datum]:
    subject, document, drawn, scheme = bench.subject, bench.document, bench.drawn, bench.scheme
    shown = {name: drawn.behaviours[name] for name in scheme.demonstrated}
    tempting = tempting_situations(shown, drawn.ground, "train", scheme.budget.trained, seed)
    ground = ground_of(document, tempting, harmless_situations(drawn.ground, len(tempting), seed), seed)
    sampling = Sampling(scheme.budget.max_new_tokens)
    if scheme.route == "distilled":
        return distilled(subject, bench.told[variant], ground, sampling, bench.journal, tick)
    # The demonstrations say what to do under the whole document, the same in every arm.
    same = distilled(subject, compact(document, subject.count_tokens).text, ground, sampling, bench.journal, tick)
    added = talks(bench.clauses, variant, subject, COPIES, seed)
    if not added:
        more = harmless_situations(drawn.ground, COPIES * len(bench.clauses), seed + 1)
        spare = cases(document, more, 1, seed, harmless=True)
        added = ordinary(spare, plain_replies(subject, spare, sampling, bench.journal))
    data = [*same, *added]
    random.Random(seed).shuffle(data)
    return data


def _record(dossier: Dossier, bench: Bench) -> None:
    for other in dossier.records("study"):
        if other.body["inputs"] != bench.inputs:
            raise CasebackError(f"{bench.out} holds a study of another model, document or scheme: name another --out")
    body = {"inputs": bench.inputs, "told": dict(bench.told), "machine": machine()}
    once(dossier, "study", {"inputs": bench.inputs}, 0, lambda: (body, {}))
