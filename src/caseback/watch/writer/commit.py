"""Puts what the journal held into the store: all of it or nothing, each exchange once."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from caseback.errors import CasebackError
from caseback.watch.store.chunked import chunked
from caseback.watch.store.coverage import MINUTE
from caseback.watch.store.rows import Gap
from caseback.watch.store.store import Store, StoreAwayError, Value
from caseback.watch.watching import Watching
from caseback.watch.writer.batch import Gateway
from caseback.watch.writer.kept import Kept, KeptVerdict, plain


@dataclass(frozen=True)
class Batch:
    """What goes in together.

    Attributes:
        kept: Exchanges.
        gaps: What was not seen.
        gateways: As they are after it.
        before: The same as they were.
        ended: Ids of gateways whose journal is read out.
        positions: By name of the journal's file: from where to where it is read.
        finished: Names of files that are then in the store whole. They may be gone even after a power cut.
    """

    kept: Sequence[Kept] = ()
    gaps: Sequence[Gap] = ()
    gateways: Sequence[Gateway] = ()
    before: Mapping[str, Gateway] = field(default_factory=dict)
    ended: Sequence[str] = ()
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    finished: Sequence[str] = ()


def commit(store: Store, batch: Batch, watching: Mapping[str, Watching], key: bytes) -> int:
    """Puts the batch in; the number of exchanges that are new.

    An exchange that the database refuses becomes a gap, and the others go in.

    Raises:
        StoreAwayError: the store cannot be had; nothing of the batch is in it.
        CasebackError: what is not an exchange is refused.
    """
    try:
        return _commit(store, batch, watching, key)
    except StoreAwayError:
        raise
    except CasebackError:
        good, gaps = _new(store, batch.kept, lambda each: _refused(store, each, watching, key))
        return _commit(store, replace(batch, kept=good, gaps=[*batch.gaps, *gaps]), watching, key)


class _Undone(Exception):  # noqa: N818  # it is no error: it undoes a trial
    pass


def _refused(store: Store, kept: Kept, watching: Mapping[str, Watching], key: bytes) -> str:
    try:
        with store.transaction():
            _exchanges(store, [kept], watching, key)
            raise _Undone
    except _Undone:
        return ""
    except StoreAwayError:
        raise
    except CasebackError as error:
        return plain(str(error), key)


def _commit(store: Store, batch: Batch, watching: Mapping[str, Watching], key: bytes) -> int:
    with store.transaction(durable=bool(batch.finished)):
        new, twice = _new(store, batch.kept)
        _exchanges(store, new, watching, key)
        _begun(store, batch)
        _gaps(store, [*batch.gaps, *twice], batch)
        _gateways(store, batch, key)
        store.many(
            "INSERT INTO journals (name, position, finished) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position, finished = excluded.finished",
            [(name, end, int(name in batch.finished)) for name, (_, end) in batch.positions.items()],
        )
    return len(new)


def _new(
    store: Store, kept: Sequence[Kept], refused: Callable[[Kept], str] = lambda _: ""
) -> tuple[list[Kept], list[Gap]]:
    """Those whose ids the store does not have and that are not ``refused``, and the others as gaps."""
    there: set[Value] = set()
    for ids, marks in chunked([each.row["id"] for each in kept]):
        there |= {row["id"] for row in store.query(f"SELECT id FROM exchanges WHERE id IN ({marks})", ids)}
    new, gaps = list[Kept](), list[Gap]()
    for each in kept:
        if each.row["id"] in there:
            gaps.append(_not_kept(each, 0, "an exchange of this id is kept already"))
        elif why := refused(each):
            gaps.append(_not_kept(each, 1, why))
        else:
            new.append(each)
            there.add(each.row["id"])
    return new, gaps


def _exchanges(store: Store, kept: Sequence[Kept], watching: Mapping[str, Watching], key: bytes) -> None:
    if not kept:
        return
    [last] = store.query("SELECT COALESCE(MAX(number), 0) AS number FROM exchanges")
    numbered = list(enumerate(kept, int(last["number"]) + 1))
    columns = list(kept[0].row)
    marks = ", ".join("?" * (len(columns) + 1))
    store.many(
        f"INSERT INTO exchanges (number, {', '.join(columns)}) VALUES ({marks})",
        [(number, *(each.row[name] for name in columns)) for number, each in numbered],
    )
    store.many(
        "INSERT INTO texts (exchange, messages, masked, expires) VALUES (?, ?, ?, ?)",
        [(number, each.messages, each.masked, each.expires) for number, each in numbered if each.messages is not None],
    )
    detectors = _detectors(store, kept, watching, key)
    verdicts = [(number, each, said) for number, each in numbered for said in each.verdicts]
    store.many(
        "INSERT INTO verdicts (exchange, detector, policy, threshold, score, why, flagged, member, microseconds)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, detectors[said.digest], said.policy, said.threshold, said.score, said.why, int(said.flagged),
             said.member, said.microseconds)
            for number, _, said in verdicts
        ],
    )  # fmt: skip
    store.many(
        "INSERT INTO token_scores (exchange, detector, width, scores, spans) VALUES (?, ?, ?, ?, ?)",
        [
            (number, detectors[said.digest], said.width, said.tokens, said.spans)
            for number, _, said in verdicts
            if said.width
        ],
    )
    counts = Counter((detectors[said.digest], _minute(each), said.outcome) for _, each, said in verdicts)
    counts += Counter((0, _minute(each), str(each.row["ended"])) for each in kept)
    store.many(
        "INSERT INTO counts (detector, minute, outcome, exchanges) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (detector, minute, outcome) DO UPDATE SET exchanges = counts.exchanges + excluded.exchanges",
        [(*each, n) for each, n in counts.items()],
    )


def _detectors(store: Store, kept: Sequence[Kept], watching: Mapping[str, Watching], key: bytes) -> Mapping[str, int]:
    """Their numbers by digest; new ones get one, and of all it is written down when they last had their say."""
    said: dict[str, tuple[KeptVerdict, float]] = {
        verdict.digest: (verdict, float(each.row["time"])) for each in kept for verdict in each.verdicts
    }
    known = {row["digest"]: int(row["number"]) for row in store.query("SELECT digest, number FROM detectors")}
    for digest, (verdict, time) in said.items():
        if digest in known:
            store.execute(
                "UPDATE detectors SET policy = ?, threshold = ?, last_seen = ? WHERE digest = ?",
                [verdict.policy, verdict.threshold, time, digest],
            )
            continue
        known[digest] = max(known.values(), default=0) + 1
        detector = watching[digest].detector if digest in watching else None
        store.execute(
            "INSERT INTO detectors (number, digest, name, behaviour, needs, clauses, policy, threshold, first_seen,"
            " last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [known[digest], digest, verdict.name, detector.behaviour if detector else "",
             detector.needs if detector else "", json.dumps(detector.known.clauses if detector else []),
             verdict.policy, verdict.threshold, time, time],
        )  # fmt: skip
    return known


def _begun(store: Store, batch: Batch) -> None:
    """Keeps count of what is under way: what was and no longer is goes, what is now and was not comes."""
    gone, come = list[Sequence[Value]](), list[Sequence[Value]]()
    for gateway in batch.gateways:
        before = batch.before[gateway.id].begun
        now = {} if gateway.id in batch.ended else gateway.begun
        gone += [(id,) for id in before if id not in now]
        come += [(id, gateway.id, time) for id, time in now.items() if id not in before]
    store.many("DELETE FROM begun WHERE id = ?", gone)
    store.many("INSERT INTO begun (id, gateway, time) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", come)


def _gaps(store: Store, gaps: Sequence[Gap], batch: Batch) -> None:
    """Their ids come from where the journal was read, which no other batch did; of one that is gone, from whose it was
    and when."""
    where = "+".join(f"{name}@{start}-{end}" for name, (start, end) in sorted(batch.positions.items()))
    store.many(
        "INSERT INTO coverage (id, kind, gateway, exchange, begun, ended, exchanges, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (f"{where}#{gap.gateway}@{gap.begun!r}#{at}", gap.kind, gap.gateway, gap.exchange, gap.begun, gap.ended,
             gap.exchanges, gap.why)
            for at, gap in enumerate(gaps)
        ],
    )  # fmt: skip


def _gateways(store: Store, batch: Batch, key: bytes) -> None:
    rows = []
    for each in batch.gateways:
        times = [time for time in (each.opened, each.seen) if time is not None]
        if times:
            rows.append(
                (each.id, plain(each.serves, key), times[0], times[-1], each.closed, int(each.id in batch.ended))
            )
    store.many(
        "INSERT INTO gateways (id, serves, opened, seen, closed, ended) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET serves = excluded.serves, opened = excluded.opened, seen = excluded.seen,"
        " closed = excluded.closed, ended = excluded.ended",
        rows,
    )


def _not_kept(kept: Kept, exchanges: int, why: str) -> Gap:
    row = kept.row
    time = float(row["time"])
    return Gap("damaged", time, time, str(row["gateway"]), str(row["id"]), exchanges, why)


def _minute(kept: Kept) -> int:
    return int(float(kept.row["time"]) // MINUTE)


def positions(store: Store) -> dict[str, tuple[int, bool]]:
    """How far each file of the journal is in the store, and whether it is in it whole."""
    return {row["name"]: (int(row["position"]), bool(row["finished"])) for row in store.query("SELECT * FROM journals")}


def gateways(store: Store) -> dict[str, Gateway]:
    """The gateways that have not ended, as far as they are read, by id."""
    found: dict[str, Gateway] = {}
    for row in store.query("SELECT id, serves, opened, seen, closed FROM gateways WHERE ended = 0"):
        found[row["id"]] = Gateway(**row)
    for row in store.query("SELECT id, gateway, time FROM begun"):
        if row["gateway"] in found:
            each = found[row["gateway"]]
            found[each.id] = replace(each, begun={**each.begun, row["id"]: row["time"]})
    return found
