"""The writer: brings the journal into the store for as long as it runs.

Killed anywhere, it goes on where the store says that it was: how far each file is read goes into the store with what
was read, in one transaction, and a file is deleted only after a transaction that says it is finished is on the disk.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseback.watch.exchange import exchange_of
from caseback.watch.journal import read_journal
from caseback.watch.store.claim import claimed
from caseback.watch.store.pseudonyms import pseudonym_key
from caseback.watch.store.retention import expire
from caseback.watch.store.rows import Gap
from caseback.watch.store.store import Store, StoreAwayError
from caseback.watch.watching import Watching
from caseback.watch.writer.batch import Gateway, Stretch, lost, stretch
from caseback.watch.writer.commit import Batch, commit, gateways, positions
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.kept import kept
from caseback.watch.writer.scoring import Scorer
from caseback.watch.writer.tail import Piece, files, pieces, waiting

DAMAGED = ".damaged"
PATIENCE = 1.0
"""Seconds after which a store that was away is tried again."""


@dataclass(frozen=True)
class Progress:
    """Exchanges that went into the store since the writer began, bytes of the journal that wait, and why the store is
    away; empty where it is there.
    """

    exchanges: int
    waiting: int
    away: str


def run(
    journal: Path,
    store: Store,
    watching: Sequence[Watching],
    keep: Keeping,
    stop: Callable[[], bool],
    progress: Callable[[Progress], None] | None = None,
    now: Callable[[], float] = time.time,
) -> None:
    """Writes until ``stop`` says so. A store that is away is waited for; the journal keeps what comes meanwhile.

    Args:
        journal: The folder.
        store: Where to.
        watching: All detectors at work. Those with policy ``hold`` or ``stop``, and those that need activations, are
            the gateway's; here it is only said of them where they gave no verdict.
        keep: Bounds.
        stop: Asked between two commits.
        progress: Told after each commit, and when the store goes away.
        now: Unix time, for what has expired.

    Raises:
        CasebackError: another writes this store or journal, or the key for pseudonyms cannot be had.
    """
    with claimed(store, journal) as again:
        scorer = Scorer(watching, keep.slowest_s)
        done, swept = 0, 0.0
        state: _State | None = None
        while not stop():
            begun = time.monotonic()
            try:
                if state is None:
                    again()
                    state = _State(positions(store), gateways(store))
                    _clear(journal, state)
                step = _step(journal, store, state, scorer, keep)
                if now() - swept >= keep.sweep_s:
                    expire(store, now())
                    swept = now()
            except StoreAwayError as error:
                state = None  # what was not committed is read again
                _tell(progress, Progress(done, 0, str(error)))
                _rest(PATIENCE, stop)
                continue
            if step is not None:
                done += step.exchanges
                _tell(progress, Progress(done, waiting(journal, state.positions), ""))
            if step is None or not step.full:
                time.sleep(max(keep.batch_s - (time.monotonic() - begun), 0.0))


@dataclass
class _State:
    """How far the journal is in the store."""

    positions: dict[str, tuple[int, bool]]
    gateways: dict[str, Gateway]


@dataclass(frozen=True)
class _Step:
    """What a commit brought into the store: exchanges that are new, and whether more is waiting already."""

    exchanges: int
    full: bool


def _step(journal: Path, store: Store, state: _State, scorer: Scorer, keep: Keeping) -> _Step | None:
    """Brings one batch into the store; None where there was nothing to bring."""
    key = pseudonym_key(keep.key)
    found = list(pieces(journal, state.positions, keep.batch_bytes))
    gone = _gone(journal, state, found)
    if not found and not gone:
        return None
    score = waiting(journal, state.positions) <= keep.journal_bytes
    before = {each.gateway: state.gateways.get(each.gateway, Gateway(each.gateway)) for each in found}
    read = [stretch(before[piece.gateway], piece.entries) for piece in found]
    carried = [(piece.gateway, each) for piece, one in zip(found, read, strict=True) for each in one.carried]
    exchanges = [exchange_of(each) for _, each in carried]
    verdicts = scorer.verdicts(exchanges, score=score)
    batch = Batch(
        kept=[
            kept(gateway, each, exchange, said, key=key, text_days=keep.text_days)
            for (gateway, each), exchange, said in zip(carried, exchanges, verdicts, strict=True)
        ],
        gaps=[gap for piece, one in zip(found, read, strict=True) for gap in _gaps(piece, one)]
        + [gap for gateway in gone for gap in (_deleted(gateway), *lost(gateway))],
        gateways=[*(one.gateway for one in read), *gone],
        before={**before, **{each.id: each for each in gone}},
        ended=[*(piece.gateway for piece in found if piece.last), *(each.id for each in gone)],
        positions={piece.path.name: (piece.start, piece.end) for piece in found},
        finished=[piece.path.name for piece in found if piece.over],
    )
    n = commit(store, batch, {each.digest: each for each in scorer.watching}, key)
    for gateway in batch.gateways:
        state.gateways[gateway.id] = gateway
    for id in batch.ended:
        state.gateways.pop(id, None)
    for piece in found:
        state.positions[piece.path.name] = (piece.end, piece.over)
        if piece.over:
            _away(piece.path, piece.damaged)
    return _Step(
        n, any(piece.end - piece.start >= keep.batch_bytes // 2 or (piece.over and not piece.last) for piece in found)
    )


def _gaps(piece: Piece, read: Stretch) -> list[Gap]:
    """What was not seen, with what the end of the file means."""
    found, gateway = list(read.gaps), read.gateway
    seen = gateway.seen or gateway.opened or 0.0
    if piece.damaged:
        why = f"{piece.path.name}: from byte {piece.end} on it cannot be read: {piece.damaged}; kept as {DAMAGED[1:]}"
        found.append(Gap("damaged", seen, seen, gateway.id, "", None, why))
    elif piece.torn:
        why = (
            f"{piece.path.name}: its last entry was cut off by {piece.torn} bytes and more, before it was acknowledged"
        )
        found.append(Gap("torn", seen, seen, gateway.id, "", 0, why))
    return found + list(lost(gateway) if piece.last else ())


def _gone(journal: Path, state: _State, found: Sequence[Piece]) -> list[Gateway]:
    """Gateways that have not ended and of which no file is left: somebody deleted them."""
    if found or not state.gateways:
        return []
    there = files(journal)
    return [each for id, each in state.gateways.items() if id not in there]


def _deleted(gateway: Gateway) -> Gap:
    seen = gateway.seen or gateway.opened or 0.0
    return Gap("damaged", seen, seen, gateway.id, "", None, "its files of the journal are gone: somebody deleted them")


def _clear(journal: Path, state: _State) -> None:
    """Removes files that are in the store whole, and that a killed writer left."""
    for path in (path for paths in files(journal).values() for path in paths):
        position, finished = state.positions.get(path.name, (0, False))
        if finished:
            _away(path, read_journal(path, position).damaged)


def _away(path: Path, damaged: str) -> None:
    if damaged:  # what cannot be read is not destroyed
        path.replace(path.with_suffix(DAMAGED))
    else:
        path.unlink(missing_ok=True)


def _tell(progress: Callable[[Progress], None] | None, what: Progress) -> None:
    if progress is not None:
        progress(what)


def _rest(seconds: float, stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop():
        time.sleep(0.05)
