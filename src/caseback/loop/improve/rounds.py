"""Improvement: rounds of finding, changing, training and measuring, until a round's gain is within noise."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Constitution
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.constitution.render import full
from caseback.disclosure.steps import write_steps
from caseback.dossier.dossier import open_dossier
from caseback.dossier.measure import write_text
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.loop.budget import resized
from caseback.loop.improve.accept import Accept, agreed
from caseback.loop.improve.dry_run import print_findings
from caseback.loop.improve.evidence import evidence
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.findings import BOUND, findings
from caseback.loop.improve.from_live import LiveUse
from caseback.loop.improve.live import Live
from caseback.loop.improve.means import beside
from caseback.loop.improve.own_prompts import still
from caseback.loop.improve.proposals import Proposal, apply
from caseback.loop.improve.report import round_body, rounds_page
from caseback.loop.improve.round import run_round
from caseback.loop.improve.round_plan import PLAN, first_plan
from caseback.loop.improve.start import read_start
from caseback.loop.improve.work import Standing, Work
from caseback.loop.provenance import machine
from caseback.loop.stage import once

CONSTITUTION = "constitution.md"


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
    installed = trained_against()
    start = read_start(run, constitution, installed, console)
    start = replace(start, budget=resized(start.budget, measured, trained))
    unused, known = beside(start, {**installed, OVER_REFUSAL.name: OVER_REFUSAL})
    with open_dossier(out / "dossier") as dossier:
        work = Work(start, dossier, out, console, rounds, bound, installed, unused, known)
        _begin(work)
        standing = Standing(start.model, start.document, start.evidence, (), {}, start.incidents)
        why = f"{rounds} rounds were made, as many as were asked for"
        for number in range(1, rounds + 1):
            done = next(dossier.records("round", number=number), None)
            if done is None:
                console.print(f"\n[bold]Round {number}[/]")
                use = LiveUse(standing.incidents, work.catalogue, start.ground)
                found = findings(standing.evidence, standing.document, standing.measured(work), bound, use)
                print_findings(console, found)
                changes = agreed(work, standing, number, found, teacher, accept)
                if not changes:
                    why = "no change was accepted" if found else "nothing to mend was found"
                    break
                done = _round(work, standing, number, found, changes)
            standing = _after(work, standing, done)
            _write(work)
            console.print(f"round {number}: [bold]{done.body['status']}[/]. {done.body['why']}")
            if done.body["status"] == "within noise":
                why = f"the gain of round {number} was within noise"
                break
        page = _write(work)
        made = tuple(record.body for record in dossier.records("round"))
    return Improvement(made, standing.model, standing.document, page, why)


def _begin(work: Work) -> None:
    """Name the evidence that it starts from; a folder is for one run and one set of rules."""
    start = work.start
    inputs = {"head": start.head, "rounds": work.rounds, "bound": work.bound, "budget": asdict(start.budget)}
    for other in work.dossier.records("improvement"):
        if other.body["inputs"] != inputs:
            raise CasebackError(
                f"{work.out} holds rounds of another run, of this one before its dossier had its last record, or by "
                "another --rounds, --bound or budget: name another --out"
            )
    body = {"inputs": inputs, "run": str(start.run), "model": start.model, "base": start.base, "machine": machine()}
    once(work.dossier, "improvement", inputs, start.seed, lambda: (body, {}))


def _round(work: Work, standing: Standing, number: int, found: list[Finding], changes: list[Proposal]) -> Record:
    """One round by its accepted changes, recorded. A changed document is written beside the one that it comes from."""
    new = {name for change in changes for name in change.more.tempting} - set(standing.measured(work))
    now = replace(standing, taken_up=(*standing.taken_up, *sorted(new)))
    plan, document = apply(changes, first_plan(now.measured(work), work.start.budget.trained), standing.document)
    folder = work.folder(number)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / PLAN, str(plan))
    if document != standing.document:
        write_text(folder / CONSTITUTION, full(document))
        document = replace(document, source=str(folder / CONSTITUTION))
    result = run_round(work, replace(now, document=document), number, plan)
    body = round_body(number, standing.model, document, found, changes, now.taken_up, result)
    own = [r.id for r in work.dossier.records("measurement") if str(r.body["arm"]).startswith(f"round-{number}/")]
    return once(work.dossier, "round", {"number": number}, work.start.seed, lambda: (body, {}), own)


def _after(work: Work, standing: Standing, done: Record) -> Standing:
    """Where improvement stands after a round: only one that was kept is built upon."""
    body, number, earlier = done.body, done.body["number"], work.start.evidence.earlier
    if body["status"] == "kept":
        changed = work.folder(number) / CONSTITUTION
        document = read(changed) if changed.exists() else standing.document
        if digest(document) != body["constitution"]:
            raise CasebackError(f"{changed} was altered since round {number} was trained on it: restore it")
        known = evidence(work.dossier, f"round-{number}/repaired", earlier)
        left = _not_mended(standing.incidents, body)
        return Standing(str(body["model"]), document, known, tuple(body["taken_up"]), {}, left)
    tried = Counter(standing.tried)
    tried.update((change["change"], change["finding"]["subject"]) for change in body["changes"])
    known = evidence(work.dossier, f"round-{number}/before", earlier) if body["trained"] else standing.evidence
    return replace(standing, evidence=known, tried=tried)


def _not_mended(incidents: Mapping[str, Live], body: Mapping[str, Any]) -> dict[str, Live]:
    """Those that an accepted round did not work on, or whose own prompts are known to draw the bad reply still."""
    worked_on = {id for change in body["changes"] for id in change["finding"].get("incidents", ())}
    again = {id for id, found in body.get("own_prompts", {}).items() if still(found)}
    return {id: live for id, live in incidents.items() if id not in worked_on - again}


def _write(work: Work) -> Path:
    page = rounds_page(work.start, work.dossier, work.rounds)
    return write_steps(work.out / "improve.html", work.out / "rounds.json", page)
