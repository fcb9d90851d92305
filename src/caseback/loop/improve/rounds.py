"""Improvement: rounds of finding, changing, training and measuring, until a round's gain is within noise."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import behaviours
from caseback.constitution.clause import Constitution
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.constitution.render import full
from caseback.disclosure.steps import write_steps
from caseback.dossier.dossier import Dossier, open_dossier, read_dossier
from caseback.dossier.measure import write_text
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.loop.budget import resized
from caseback.loop.improve.accept import Accept
from caseback.loop.improve.dry_run import print_findings, reason_writer
from caseback.loop.improve.evidence import Evidence, evidence
from caseback.loop.improve.families import unused_families
from caseback.loop.improve.findings import BOUND, Finding, findings
from caseback.loop.improve.fresh import heard_in
from caseback.loop.improve.proposals import Proposal, apply, diff, proposals
from caseback.loop.improve.report import round_body, rounds_page
from caseback.loop.improve.round import SHARES, run_round
from caseback.loop.improve.round_plan import PLAN, first_plan
from caseback.loop.improve.start import Start, read_start
from caseback.loop.progress import Reporter
from caseback.loop.provenance import machine
from caseback.loop.stage import once
from caseback.training.journal import Journal
from caseback.world.worlds import is_world

CONSTITUTION = "constitution.md"


@dataclass(frozen=True)
class Standing:
    """Where improvement stands: the last accepted model, its document, what is known of it, and what was tried."""

    model: str
    document: Constitution
    evidence: Evidence
    measured: tuple[str, ...]
    tried: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Improvement:
    """Where it ended. ``rounds`` are the bodies of their records, ``page`` shows them, ``why`` says why it ended."""

    rounds: tuple[Mapping[str, Any], ...]
    model: str
    document: Constitution
    page: Path
    why: str


def improve(
    run: Path,
    out: Path | None = None,
    *,
    constitution: Path | None = None,
    rounds: int = 3,
    bound: float = BOUND,
    measured: int | None = None,
    trained: int | None = None,
    teacher: str | None = None,
    accept: Accept,
    console: Console,
) -> Improvement:
    """Improve the model of a finished run, round by round; what was recorded before is not done again.

    Args:
        run: folder of the run; nothing is written into its dossier.
        out: folder for the rounds; default ``improve`` in the run's.
        constitution: the run's document, where its file has moved.
        rounds: at most.
        bound: the rate that a behaviour may have.
        measured: situations of each behaviour in each round; default as in the run.
        trained: situations that a change adds; default as in the run.
        teacher: who writes clearer reasons; default the model.
        accept: whether a change is made.
        console: for progress.

    Raises:
        CasebackError: for anything that the caller can mend.
    """
    out = out or run / "improve"
    installed = {**behaviours(), OVER_REFUSAL.name: OVER_REFUSAL}
    start = read_start(run, constitution, installed, console)
    start = replace(start, budget=resized(start.budget, measured, trained))
    unused = unused_families(start.ground, installed)
    with read_dossier(run / "dossier") as dossier:
        heard = heard_in(dossier)
    with open_dossier(out / "dossier") as dossier:
        _begin(dossier, start, rounds, bound, out)
        standing = Standing(start.model, start.document, start.evidence, (), {})
        why = f"{rounds} rounds were made, as many as were asked for"
        for number in range(1, rounds + 1):
            done = next(dossier.records("round", number=number), None)
            if done is None:
                console.print(f"\n[bold]Round {number}[/]")
                taken = {**installed, **{name: unused[name] for name in standing.measured}}
                found = findings(standing.evidence, standing.document, taken, bound)
                print_findings(console, found)
                changes = _agreed(dossier, start, standing, number, found, unused, teacher, accept, out)
                if not changes:
                    why = "no change was accepted" if found else "nothing to mend was found"
                    break
                heard |= heard_in(dossier)
                done = _round(dossier, start, standing, number, found, changes, taken | unused, rounds, out, heard,
                              console)  # fmt: skip
            standing = _after(dossier, start, standing, done, out)
            _write(out, start, dossier, rounds)
            console.print(f"round {number}: [bold]{done.body['status']}[/]. {done.body['why']}")
            if done.body["status"] == "within noise":
                why = f"the gain of round {number} was within noise"
                break
        page = _write(out, start, dossier, rounds)
        made = tuple(record.body for record in dossier.records("round"))
    return Improvement(made, standing.model, standing.document, page, why)


def _write(out: Path, start: Start, dossier: Dossier, rounds: int) -> Path:
    return write_steps(out / "improve.html", out / "rounds.json", rounds_page(start, dossier, rounds))


def _begin(dossier: Dossier, start: Start, rounds: int, bound: float, out: Path) -> None:
    """Name the evidence that it starts from; a folder is for one run and one set of rules."""
    inputs = {"head": start.head, "rounds": rounds, "bound": bound, "budget": asdict(start.budget)}
    for other in dossier.records("improvement"):
        if other.body["inputs"] != inputs:
            raise CasebackError(
                f"{out} holds rounds of another run, or by another --rounds, --bound or budget: name another --out"
            )
    body = {"inputs": inputs, "run": str(start.run), "model": start.model, "base": start.base, "machine": machine()}
    once(dossier, "improvement", inputs, start.seed, lambda: (body, {}))


def _agreed(
    dossier: Dossier,
    start: Start,
    standing: Standing,
    number: int,
    found: list[Finding],
    unused: Mapping[str, Behaviour],
    teacher: str | None,
    accept: Accept,
    out: Path,
) -> list[Proposal]:
    """The changes that were accepted; each answer is recorded, and not asked for again."""
    writer = reason_writer(teacher, standing.model, start.seed, Journal(out / f"round-{number}" / "reasons.jsonl"))
    open_ = {name: behaviour for name, behaviour in unused.items() if name not in standing.measured}
    plan = first_plan(_measured(standing, unused), start.budget.trained)
    agreed = []
    for proposal in proposals(
        found, standing.document, start.budget.trained, standing.tried, open_, is_world(start.ground), writer
    ):
        if _accepted(dossier, start, standing, number, proposal, diff(proposal, plan, standing.document), accept):
            agreed.append(proposal)
    return agreed


def _accepted(
    dossier: Dossier, start: Start, standing: Standing, number: int, proposal: Proposal, text: str, accept: Accept
) -> bool:
    inputs = {"round": number, "model": standing.model, "proposal": proposal.as_dict()}

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        return {**inputs, "name": proposal.name, "diff": text, "accepted": accept(proposal, text)}, {}

    return bool(once(dossier, "proposal", inputs, start.seed, work).body["accepted"])


def _measured(standing: Standing, unused: Mapping[str, Behaviour]) -> dict[str, Behaviour]:
    return {**behaviours(), **{name: unused[name] for name in standing.measured}}


def _round(
    dossier: Dossier,
    start: Start,
    standing: Standing,
    number: int,
    found: list[Finding],
    changes: list[Proposal],
    known: Mapping[str, Behaviour],
    rounds: int,
    out: Path,
    heard: frozenset[str],
    console: Console,
) -> Record:
    folder = out / f"round-{number}"
    taken = [*standing.measured, *(name for c in changes if c.change == "family" for name in c.more.tempting)]
    tested = {**behaviours(), **{name: known[name] for name in taken}}
    plan, document = apply(changes, first_plan(tested, start.budget.trained), standing.document)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / PLAN, str(plan))
    if document != standing.document:
        write_text(folder / CONSTITUTION, full(document))
        document = replace(document, source=str(folder / CONSTITUTION))
    result = run_round(dossier, Reporter(console, dict(SHARES)), start, number, standing.model, document, plan, tested,
                       rounds, folder, heard)  # fmt: skip
    body = round_body(number, standing.model, document, found, changes, taken, result)
    parents = [record.id for record in dossier.records("measurement")
               if str(record.body["arm"]).startswith(f"round-{number}/")]  # fmt: skip
    return once(dossier, "round", {"number": number}, start.seed, lambda: (body, {}), parents)


def _after(dossier: Dossier, start: Start, standing: Standing, done: Record, out: Path) -> Standing:
    """Where improvement stands after a round: only one that was kept is built upon."""
    body, number = done.body, done.body["number"]
    kept = body["status"] == "kept"
    tried = Counter(standing.tried)
    if kept:
        changed = out / f"round-{number}" / CONSTITUTION
        document = read(changed) if changed.exists() else standing.document
        if digest(document) != body["constitution"]:
            raise CasebackError(f"{changed} was altered since round {number} was trained on it: restore it")
        return Standing(
            str(body["model"]),
            document,
            evidence(dossier, f"round-{number}/repaired", start.evidence.earlier),
            tuple(body["measured"]),
            {},
        )
    tried.update((change["change"], change["finding"]["subject"]) for change in body["changes"])
    known = standing.evidence
    if body["trained"]:
        known = evidence(dossier, f"round-{number}/before", start.evidence.earlier)
    return replace(standing, evidence=known, tried=tried)
