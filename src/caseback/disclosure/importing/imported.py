"""An advisory that was imported: what landed, in which state, and why. One folder an advisory, written whole or not."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from caseback.disclosure.bundle.bundle import Bundle
from caseback.disclosure.bundle.limits import ADVISORY
from caseback.disclosure.bundle.moments import now, written
from caseback.disclosure.bundle.strict_json import parse
from caseback.disclosure.importing.decide import Route, affects, overall
from caseback.disclosure.importing.land import Landed, land
from caseback.disclosure.importing.local import Local
from caseback.dossier.disk import write_whole, writing
from caseback.errors import CasebackError

FILE, DETECTORS, FORMAT = "import.json", "detectors", "caseback import 2"
State = Literal["shadow", "promoted", "stale", "withdrawn"]
"""In shadow only scores are kept; promoted ones raise incidents; stale ones and those withdrawn are not run."""


@dataclass(frozen=True)
class Held:
    """A detector that stands here: how it landed, its state, and each change of that with its reason."""

    landed: Landed
    state: State
    history: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Imported:
    """An advisory here.

    Attributes:
        advisory: Its id; ``revision`` and ``bundle``, the digest of its manifest, say which.
        behaviour: What it is about.
        kind: ``finding`` or ``negative``.
        route: The best way by which a detector came in.
        affects: What the advisory says of the model here.
        signer: Id of the key.
        model: Digest of the model here; empty where only replies are seen.
        budget: Rate of false alarms that each detector may have.
        detectors: All that the advisory lists, those that were refused too.
    """

    advisory: str
    revision: int
    bundle: str
    behaviour: str
    kind: str
    summary: str
    route: Route
    affects: str
    signer: str
    model: str
    budget: float
    at: str
    detectors: Sequence[Held] = field(default_factory=tuple)


def import_bundle(bundle: Bundle, local: Local, into: Path, at: datetime | None = None) -> Imported:
    """Import a verified bundle into ``into/ID``. Every detector lands in shadow, or is refused with its reasons.

    One that stood here in the same form keeps its state. A revision that withdraws the advisory takes its detectors out
    of use; one that no longer does starts them in shadow again.

    Raises:
        CasebackError: an older revision than the one here, or another publisher's of the same id, or it cannot be
            written; what was here then stays.
    """
    advisory = bundle.advisory
    id, when = advisory["id"], at or now()
    moment = written(when)
    with writing(into):
        _mend(into / id)
    before = read_import(into / id) if (into / id).exists() else None
    if before is not None and before.signer not in bundle.publisher:
        raise CasebackError(
            f"{id} is here from another publisher, with the key {before.signer[:19]}…: if the two are one, import from "
            f"its feed, which tells of handovers; else take {into / id} away first"
        )
    if before is not None and before.revision > advisory["revision"]:
        raise CasebackError(f"{id} is here with revision {before.revision}; revision {advisory['revision']} is older")
    staging = into / f".importing-{id}"
    with writing(into):
        into.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            listed = advisory.get("detectors", ())
            landed = [land(each, bundle.files, local, staging / DETECTORS / each["name"], when) for each in listed]
            digest = local.subject.digest if local.subject is not None else ""
            made = Imported(
                advisory=id,
                revision=advisory["revision"],
                bundle=bundle.digest,
                behaviour=advisory["behaviour"]["id"],
                kind=advisory["kind"],
                summary=advisory["summary"],
                route=overall((each.route, each.needs) for each in landed),
                affects=affects(advisory, digest, local.ancestors),
                signer=bundle.signer,
                model=digest,
                budget=local.budget,
                at=moment,
                detectors=_all_held(landed, before, "withdrawn" in advisory, moment),
            )
            _write(made, staging)
            _swap(staging, into / id)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return made


def _all_held(landed: Sequence[Landed], before: Imported | None, withdrawn: bool, moment: str) -> tuple[Held, ...]:
    """Those that landed, and of a withdrawn advisory those that stood here, out of use."""
    if not withdrawn:
        return tuple(_held(each, before, moment) for each in landed)
    there = before.detectors if before is not None else ()
    return tuple(changed(each, "withdrawn", "the advisory was withdrawn", moment) for each in there)


def _held(landed: Landed, before: Imported | None, moment: str) -> Held:
    if landed.id and before is not None:
        for each in before.detectors:
            if each.landed.id == landed.id and each.landed.threshold == landed.threshold:
                kept = Held(landed, each.state, each.history)
                back = each.state == "withdrawn"
                return changed(kept, "shadow", "issued again: it starts in shadow", moment) if back else kept
    said = {"at": moment, "state": "shadow", "why": "imported: it starts in shadow"}
    return Held(landed, "shadow", (said,) if landed.id else ())


def changed(held: Held, state: State, why: str, moment: str) -> Held:
    """The same in another state, with the reason in its history."""
    if state == held.state:
        return held
    return replace(held, state=state, history=(*held.history, {"at": moment, "state": state, "why": why}))


def _swap(staging: Path, target: Path) -> None:
    old = _old(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        staging.rename(target)
    finally:
        _mend(target)
    shutil.rmtree(old, ignore_errors=True)


def _old(target: Path) -> Path:
    return target.with_name(f".old-{target.name}")


def _mend(target: Path) -> None:
    """Put what was there back, where swapping stopped between both."""
    if _old(target).exists() and not target.exists():
        _old(target).rename(target)


def _write(made: Imported, folder: Path) -> None:
    text = json.dumps({"format": FORMAT, **asdict(made)}, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(folder / FILE, f"{text}\n".encode())


def write_import(made: Imported, into: Path) -> None:
    """Write what changed of an import that is here.

    Raises:
        CasebackError: it cannot be written.
    """
    _write(made, into / made.advisory)


def read_import(folder: Path) -> Imported:
    """The import in a folder.

    Raises:
        CasebackError: there is none, or it is damaged.
    """
    path = folder / FILE
    try:
        data: Any = parse(path.read_bytes(), str(path), ADVISORY)
        if data.pop("format", None) != FORMAT:
            raise CasebackError(f"{path} is no import of this version: take {folder} away, and import it again")
        held = tuple(
            Held(
                Landed(**{**each["landed"], "why": tuple(each["landed"]["why"])}), each["state"], tuple(each["history"])
            )
            for each in data.pop("detectors")
        )
        return Imported(**data, detectors=held)
    except OSError as error:
        raise CasebackError(f"{path}: no import to read ({error.strerror})") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise CasebackError(f"{path} is damaged ({error}): take {folder} away, and import it again") from None


def imports(into: Path) -> Iterator[Imported]:
    """All that was imported into a folder, in the order of the advisories' ids."""
    if into.is_dir():
        for folder in sorted(each for each in into.iterdir() if not each.name.startswith(".")):
            if (folder / FILE).exists():
                yield read_import(folder)
