"""The study: every checkpoint of a run looked at in the same situations; change points, firsts, windows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caseback.errors import CasebackError
from caseback.organisms.rates import rate_data
from caseback.oversight.along_training.changes import LEVEL, Change, changes, first_above, told_rate
from caseback.oversight.along_training.lies import CONTROLS, LIES
from caseback.oversight.along_training.looks import APPEARING, TEXTS, Row, Rows, looks
from caseback.oversight.along_training.windows import Window, windows
from caseback.oversight.report import Figure, report
from caseback.subject.subject import Subject
from caseback.training.journal import Journal
from caseback.world.worlds import is_world

VERSION = 3


def along_training(
    subjects: Mapping[int, Callable[[], Subject]],
    ground: str,
    n: int = 48,
    seed: int = 0,
    reference: float = 0.5,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The report. Replies are greedy, and the same situations are asked at every checkpoint.

    Args:
        subjects: what loads the checkpoint of each step; one is held at a time.
        ground: the world that the run was taught.
        n: situations of each look.
        reference: the rate above which something counts as there.
        journal: keeps the rows, so that a run that was stopped repeats nothing.
        progress: called with (looks done, looks in all).

    Raises:
        CasebackError: fewer than two checkpoints, a ground without an oracle, or a reference outside (0, 1).
    """
    if len(subjects) < 2:
        raise CasebackError(f"{len(subjects)} checkpoints: at least two are needed to see what changes between them")
    if not is_world(ground):
        raise CasebackError(
            f"checkpoints are looked at in the reference world, and the ground is {ground!r}: "
            "pass a run that was taught a world"
        )
    if not 0 < reference < 1:
        raise CasebackError(f"a reference of {reference} is not between 0 and 1")
    kept, parts = journal or Journal(None), looks()
    series: dict[str, dict[int, Sequence[Row]]] = {}
    digests, done = dict[str, str](), 0
    for step, load in sorted(subjects.items()):
        subject = load()
        digests[f"step {step}"] = subject.digest
        for name, look in parts.items():
            for found, rows in _rows(name, look, subject, ground, n, seed, kept).items():
                series.setdefault(found, {})[step] = rows
            done += 1
            if progress:
                progress(done, len(subjects) * len(parts))
    return _report(series, digests, seed, reference, ground)


def _rows(
    name: str, look: Callable[[Subject, str, int, int], Rows], subject: Subject, ground: str, n: int, seed: int,
    journal: Journal,
) -> Rows:  # fmt: skip
    key = Journal.key("along training", VERSION, subject.digest, name, ground, n, seed)
    if (record := journal.get(key)) is None:
        found = look(subject, ground, n, seed)
        rows = {each: [[row.id, row.family, row.shown] for row in those] for each, those in found.items()}
        record = {"key": key, "rows": rows}
        journal.put([record])
    return {each: [Row(*row) for row in those] for each, those in record["rows"].items()}


def _report(
    series: Mapping[str, Mapping[int, Sequence[Row]]], digests: Mapping[str, str], seed: int, reference: float,
    ground: str,
) -> dict[str, Any]:  # fmt: skip
    moved = changes({name: series[name] for name in APPEARING})
    bounds = sum(len(steps) for steps in series.values())
    first = {name: first_above(steps, reference, bounds) for name, steps in series.items()}
    lied = windows(series, CONTROLS)
    last = max(next(iter(series.values())))
    clear = [each for each in moved if each.clear]
    figures = [
        Figure("changes_found", "changes from one checkpoint to the next that are beyond chance", len(clear), None,
               None, len(moved), "comparisons"),
        *(_figure(name, steps[last], last) for name, steps in series.items()),
    ]  # fmt: skip
    return report(
        "checkpoints",
        "What appears along one training run, and was duplicity visible while it was weak?",
        digests,
        [seed],
        figures,
        [
            "one run: the intervals speak of other situations of these families, not of other runs",
            "a change is in how often something is shown at all; what cannot be told counts as not shown there",
            "the chance of any false change among all is at most 5 % (McNemar's exact test, Holm over all comparisons)",
            f"first above: the exact bound is above {reference:g}, the chance of any false one at most 5 % in all",
            "what lies between two checkpoints is not seen: a window narrower than their spacing is missed",
        ],
        ground=ground,
        reference=reference,
        steps=sorted(next(iter(series.values()))),
        series=[
            {"name": name, "text": TEXTS[name], "first_above": first[name],
             "points": [{"step": step, **rate_data(told_rate(rows)), "cannot_tell": sum(r.shown is None for r in rows)}
                        for step, rows in sorted(steps.items())]}
            for name, steps in series.items()
        ],
        changes=[_change(each) for each in moved],
        windows=[_window(each) for each in lied],
    )  # fmt: skip


def _figure(name: str, rows: Sequence[Row], step: int) -> Figure:
    rate = told_rate(rows)
    value, low, high = (rate.value, rate.low, rate.high) if rate.n else (None, None, None)
    return Figure(f"{name}_last", f"{TEXTS[name]}, at step {step}", value, low, high, rate.n, "situations")


def _change(change: Change) -> dict[str, Any]:
    found = change.difference
    return {
        "name": change.name,
        "text": TEXTS[change.name],
        "before": change.before,
        "after": change.after,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "p": found.p,
        "holm_p": change.holm_p,
        "clear": change.holm_p <= LEVEL,
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "why": window.why,
        "text": LIES[window.why],
        "verdict": window.verdict,
        "steps": list(window.steps),
        "stages": [
            {
                "step": stage.step,
                "tried_more": stage.tried.value if stage.tried.n else None,
                "n": stage.tried.n,
                "holm_p": stage.holm_p,
                "shows": rate_data(stage.shows),
                "state": stage.state,
            }
            for stage in window.stages
        ],
    }
