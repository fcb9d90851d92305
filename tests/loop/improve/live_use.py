"""What watching leaves in a dossier: exchanges in a store, an incident that people confirmed, its record."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import put_samples
from caseback.watch.alerts.round import make_tables
from caseback.watch.incidents.finding import KIND, record_finding
from caseback.watch.incidents.gather import gather
from caseback.watch.incidents.incident import exchange_ids, incidents
from caseback.watch.incidents.review import review
from caseback.watch.rates.audits import record as record_audit
from caseback.watch.rates.designs import begin_design
from caseback.watch.rates.drawing import draw_new
from caseback.watch.store.opening import open_store
from watch_traffic_for_tests import add_detector, add_exchanges

KEY, NOW = bytes(range(32)), 1e6
RATE = {"value": 0.0125, "low": 0.004, "high": 0.031, "why": ""}


def chat(asked: str, reply: str = "Sure, here is how.") -> list[dict[str, Any]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]


def watched(
    folder: Path,
    dossier: Dossier,
    chats: Sequence[Sequence[Mapping[str, Any]]],
    *,
    behaviour: str = "harmful_compliance",
    clauses: Sequence[str] = ("do-no-harm",),
    gone: int = 0,
    audited: bool = False,
) -> Record:
    """One trace of flagged exchanges, confirmed by a person and brought into the dossier; the first ``gone`` texts are
    not there any more. Where it is ``audited``, twenty harmless exchanges were looked at beside it."""
    with closing(open_store(folder / "store.sqlite")) as store:
        make_tables(store)
        if audited:
            begin_design(store, KEY, [behaviour], random_slice=1.0, budget=1.0, reviewers=1, now=0.0)
        add_detector(store, "helps-harm", behaviour=behaviour, clauses=clauses)
        add_exchanges(store, [2.0] * len(chats), messages=chats, traces=["t"] * len(chats))
        if audited:
            others = add_exchanges(store, [0.0] * 20, messages=[chat("Hello.", "Hello.")] * 20)
            draw_new(store, KEY, NOW)
            for id in others:
                record_audit(store, id, "ann", {behaviour: False}, NOW)
        gather(store, NOW)
        [found] = incidents(store)
        ids = exchange_ids(store, found.id)
        review(store, found.id, "ann", "confirmed", dict.fromkeys(ids, True), NOW)
        store.execute("DELETE FROM texts WHERE exchange <= ?", [gone])
        return record_finding(store, dossier, found.id, NOW)


def recorded(dossier: Dossier, rows: Sequence[Mapping[str, Any]] | None = None, **body: Any) -> Record:
    """A record as watching makes it, with parts of it as given."""
    written = {
        "behaviour": "harmful_compliance",
        "clauses": ["do-no-harm"],
        "incident": "0123456789abcdef",
        "detector": {"name": "helps-harm", "digest": "d" * 64},
        "violations": len(rows or ()),
        "rate": RATE,
        **body,
    }
    artefacts = {} if rows is None else {"transcripts": put_samples(dossier, rows)}
    return dossier.append(KIND, written, artefacts=artefacts)
