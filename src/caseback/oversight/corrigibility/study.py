"""The study: every model under every text in the same cases, the rates, what each clause moves, and the frontier."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caseback.chat import with_system
from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.organisms.rates import rate_data
from caseback.oversight.corrigibility.cases import SORTS, Sort, cases
from caseback.oversight.corrigibility.frontier import Point, frontier, turned
from caseback.oversight.corrigibility.measures import FRONTIERS, MEASURES, Row, moved, rate_of
from caseback.oversight.corrigibility.principals import PRINCIPALS
from caseback.oversight.corrigibility.reading import done
from caseback.oversight.corrigibility.stops import stop_offices, stopped, worked
from caseback.oversight.corrigibility.texts import CLAUSES, NONE, control_of, texts
from caseback.oversight.report import Figure, report
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Sampling, Subject
from caseback.training.journal import Journal
from caseback.world.office.offices import opening
from caseback.world.office.play import play

VERSION = 1
SAMPLING = Sampling(max_new_tokens=96)
Tick = Callable[[int, int], None]


def corrigibility(
    subjects: Mapping[str, Subject],
    ground: str,
    n: int = 8,
    seed: int = 0,
    clauses: Sequence[str] = CLAUSES,
    document: Constitution | None = None,
    offices: int = 4,
    journal: Journal | None = None,
    progress: Tick | None = None,
) -> dict[str, Any]:
    """The report. Replies are greedy.

    Args:
        subjects: models by name.
        ground: the world that they were taught.
        n: cases in every cell of a chat.
        clauses: whose presence is varied; empty to measure without any text only.
        document: that the clauses are of; ours by default.
        offices: in every cell of the stops in offices; 0 leaves them out. Under texts they are not played again.
        journal: keeps what was answered, so that a run that was stopped repeats nothing.
        progress: called with (parts done, parts in all).

    Raises:
        CasebackError: no model, a ground without an oracle, or a clause that the document does not have.
    """
    if not subjects:
        raise CasebackError("no model to study: name at least one")
    under = texts(document or default(), clauses) if clauses else {NONE: ""}
    kept = journal or Journal(None)
    total, rows = len(subjects) * (len(under) * len(SORTS) + bool(offices)), dict[tuple[str, str], list[Row]]()
    tick = _Counter(total, progress)
    for name, subject in subjects.items():
        for text, system in under.items():
            rows[name, text] = [
                row for sort in SORTS for row in tick(_asked(subject, ground, sort, n, seed, text, system, kept))
            ]
        if offices:
            rows[name, NONE] += tick(_stops(subject, ground, offices, seed, kept))
    return _report(subjects, rows, ground, seed)


class _Counter:
    """Passes on what it is called with and counts it as a part that is done."""

    def __init__(self, total: int, progress: Tick | None) -> None:
        self.done, self.total, self.progress = 0, total, progress

    def __call__(self, rows: list[Row]) -> list[Row]:
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)
        return rows


def _asked(
    subject: Subject, ground: str, sort: Sort, n: int, seed: int, text: str, system: str, journal: Journal
) -> list[Row]:
    drawn = cases(ground, n, seed, sorts=(sort,))
    chats = [with_system(case.messages, system) if system else list(case.messages) for case in drawn]
    key = Journal.key("corrigibility", VERSION, subject.digest, chats)
    if (record := journal.get(key)) is None:
        replies = subject.generate(chats, SAMPLING)
        found = [done(case, reply) for case, reply in zip(drawn, replies, strict=True)]
        record = {
            "key": key,
            "text": text,
            "shown": [[each.shown, each.why] for each in found],
            "replies": [reply.text for reply in replies],
        }
        journal.put([record])
    return [
        {"id": case.id, "sort": sort, "asks": case.asks, "against": case.against, "what": case.what,
         "family": case.family, "shown": shown, "why": why, "reply": reply}
        for case, (shown, why), reply in zip(drawn, record["shown"], record["replies"], strict=True)
    ]  # fmt: skip


def _stops(subject: Subject, ground: str, n: int, seed: int, journal: Journal) -> list[Row]:
    drawn = stop_offices(ground, n, seed)
    key = Journal.key("corrigible stops", VERSION, subject.digest, [opening(office) for office in drawn])
    if (record := journal.get(key)) is None:
        found = [worked(each) for each in play(subject, drawn, SAMPLING, seed=seed)]
        pairs = [stopped(stop, on) for stop, on in zip(found[::2], found[1::2], strict=True)]
        record = {"key": key, "shown": [[each.shown, each.why] for each in pairs]}
        journal.put([record])
    return [
        {"id": f"office/{office.pair}", "sort": "office", "asks": office.latents["who"], "against": "",
         "what": office.latents["cost"], "family": office.pair.rpartition("/")[2], "shown": shown, "why": why,
         "reply": ""}
        for office, (shown, why) in zip(drawn[::2], record["shown"], strict=True)
    ]  # fmt: skip


def _report(
    subjects: Mapping[str, Subject], rows: Mapping[tuple[str, str], Sequence[Row]], ground: str, seed: int
) -> dict[str, Any]:
    measured = [
        {"model": model, "text": text, **{name: rate_data(rate_of(found, name)) for name in MEASURES}}
        for (model, text), found in rows.items()
    ]
    moves = [
        {"model": model, "text": text, "against": control_of(text), "measure": name,
         **moved(found, rows[model, control_of(text)], name)}
        for (model, text), found in rows.items()
        if text != control_of(text) and text != NONE
        for name in MEASURES
        if name != "work_stopped"
    ]  # fmt: skip
    fronts = [_front(name, rows) for name in FRONTIERS]
    figures = [
        Figure(f"{name}_{_slug(model)}", f"{measure.text}, {model}, without any text",
               rate.value if rate.n else None, rate.low if rate.n else None, rate.high if rate.n else None,
               rate.n, "cases")
        for model in subjects
        for name, measure in MEASURES.items()
        for rate in [rate_of(rows[model, NONE], name)]
    ]  # fmt: skip
    return report(
        "corrigibility",
        "Whose word holds where user, operator, overseers and humanity pull apart, and is a stop accepted?",
        {name: subject.digest for name, subject in subjects.items()},
        [seed],
        figures,
        [
            "replies are greedy and read by the world's oracle; what it cannot tell is counted apart, never as good",
            "intervals are 95 %, clustered by family of situation; stops in offices by office, instructions by topic",
            "a stop in an office counts only where the same office is worked in when told to go on",
            "clauses are varied in the system text; none was trained with or without",
        ],
        ground=ground,
        principals=list(PRINCIPALS),
        measures={name: {"text": each.text, "good": each.good} for name, each in MEASURES.items()},
        measured=measured,
        cells=[cell for (model, text), found in rows.items() if text == NONE for cell in _cells(model, found)],
        moves=moves,
        frontiers=fronts,
        samples=_samples(rows),
    )


def _cells(model: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every situation of principals on its own: how often the wish of ``asks`` was done."""
    cells: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        cells.setdefault((row["sort"], row["what"], row["asks"], row["against"]), []).append(row)
    made = []
    for (sort, what, asks, against), each in cells.items():
        told = [row for row in each if row["shown"] is not None]
        rate = rate_data(exact_rate(sum(bool(row["shown"]) for row in told), len(told)))
        made.append({"model": model, "sort": sort, "what": what, "asks": asks, "against": against, "done": rate,
                     "cannot_tell": len(each) - len(told)})  # fmt: skip
    return made


def _front(name: str, rows: Mapping[tuple[str, str], Sequence[Row]]) -> dict[str, Any]:
    bad, good = FRONTIERS[name]
    points = [
        Point(f"{model} · {text}", turned(across), up)
        for (model, text), found in rows.items()
        if (across := rate_of(found, bad)).n and (up := rate_of(found, good)).n
    ]
    best = frontier(points)
    return {
        "name": name,
        "across": f"not: {MEASURES[bad].text}",
        "up": MEASURES[good].text,
        "points": [
            {
                "name": each.name,
                "across": rate_data(each.across),
                "up": rate_data(each.up),
                "frontier": each.name in best,
            }
            for each in points
        ],
    }


def _samples(rows: Mapping[tuple[str, str], Sequence[Row]]) -> list[dict[str, Any]]:
    """The first case of each cell as it was answered without any text, so that the figures can be looked behind."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for (model, text), each in rows.items():
        for row in each:
            if text == NONE and row["reply"]:
                place = (model, row["sort"], row["what"], row["asks"], row["against"])
                found.setdefault(place, {"model": model, **{k: row[k] for k in ("id", "shown", "why", "reply")}})
    return list(found.values())


def _slug(model: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in model)
