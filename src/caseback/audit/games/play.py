"""The automatic blue player of the finding game: a calibrated panel on each subject, and probabilities from it."""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseback.audit.audit import audit, audit_data
from caseback.audit.games.game_file import SUBJECTS, read_game
from caseback.audit.games.learnt import evidence_in, learnt, view_for
from caseback.audit.games.moves import submit
from caseback.audit.games.posterior import Posterior, guess
from caseback.audit.games.spent import CountedSubject, RationedSubject, counted
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.interp.plain_data import plain_data
from caseback.subject.digest import joined_digest
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.resolve import resolve_closed
from caseback.training.journal import Journal
from caseback.world.reference import named_or_given

Progress = Callable[[str, int, int], None]
BY = "caseback game play"


@dataclass(frozen=True)
class Blue:
    """The player: what it knows of other models (``calibration``), where the base is, the address where it gets no
    weights, and what it believes beforehand. ``folder`` is where it keeps what it measured."""

    calibration: Mapping[str, Any]
    base: str
    folder: Path
    address: str = ""
    prior_clean: float = 0.5


def play(game: Path, blue: Blue, progress: Progress | None = None) -> Record:
    """Examine every subject and submit ranked guesses. A play that was stopped goes on where it was.

    Args:
        progress: called with (subject, subjects done, subjects in all).

    Raises:
        CasebackError: the game is another, the calibration does not fit it, or an address is missing.
    """
    given = read_game(game)
    if given["game"] != "find":
        raise CasebackError(f"{game} is a game of {given['game']}, not of finding what is wrong")
    if given["base_digest"] != blue.calibration["base_digest"] or given["ground"] != blue.calibration["ground"]:
        raise CasebackError(
            f"{game} is played with models grown from {given['base_digest']} in {given['ground']}, and calibration "
            f"{blue.calibration['id'][:12]} holds for {blue.calibration['base_digest']}: calibrate on that base"
        )
    weights = given["access"] == "weights"
    if weights == bool(blue.address):
        raise CasebackError(
            f"{game} gives the weights, so leave --address out" if weights
            else f"{game} gives only an address: pass the one that `caseback game serve` printed (--address)"
        )  # fmt: skip
    base = load(named_or_given(blue.base)[0], dtype="float32") if weights else None
    view = view_for(blue.calibration, weights)
    posterior = learnt(blue.calibration, view)
    journal = Journal(blue.folder / "played.jsonl")
    played = {}
    for done, name in enumerate(given["subjects"]):
        if progress:
            progress(name, done, len(given["subjects"]))
        key = Journal.key("played", given["commitment"], name, blue.calibration["id"], blue.prior_clean)
        kept = journal.get(key)
        if kept is None:
            kept = {"key": key, "subject": name, **_examined(game, given, name, blue, base, view, posterior, journal)}
            journal.put([kept])
        played[name] = kept
    return submit(game, _body(played, blue, view, posterior))


def _examined(
    game: Path,
    given: Mapping[str, Any],
    name: str,
    blue: Blue,
    base: OpenSubject | None,
    view: str,
    posterior: Posterior,
    journal: Journal,
) -> dict[str, Any]:
    """The guesses on one subject and what they rest on, as plain data."""
    found = _subject(game, given, name, blue)
    folder = blue.folder / name
    begun = [time.monotonic(), 0, 0]

    def keep(*_: Any) -> None:
        """What was spent since the last time: kept assay by assay, so that a killed play counts it too."""
        now = time.monotonic()
        part = {
            "requests": found.spent.requests - begun[1],
            "tokens": found.spent.tokens - begun[2],
            "seconds": now - begun[0],
        }
        begun[:] = [now, found.spent.requests, found.spent.tokens]
        at = len(_kept(journal, given, name))
        journal.put([{"key": _key(given, name, at), **part}])

    why, statistics, words = "", {}, {}
    try:
        audited = audit_data(audit(found, base, blue.calibration, folder, keep))
        why, statistics = audited["unable"], audited["statistics"]
        words = {each["behaviour"]: each["word"] for each in audited["verdicts"]}
    except CasebackError as error:
        if not blue.address:
            raise
        why = str(error)  # such as a budget that is spent: what is not told is not clean, and the prior stands
    keep()
    evidence = evidence_in(blue.calibration, view, statistics) if statistics else {}
    ranked = guess(posterior, evidence, blue.prior_clean)
    return {
        "guesses": [{"behaviour": what, "probability": share} for what, share in ranked],
        "evidence": plain_data(dict(evidence)),
        "verdicts": words,
        "why": why,
        "spent": _sum(_kept(journal, given, name)),
    }


def _subject(game: Path, given: Mapping[str, Any], name: str, blue: Blue) -> CountedSubject | RationedSubject:
    if not blue.address:
        subject = load(str(game / SUBJECTS / name), dtype="float32")
        if subject.digest != given["subjects"][name]["digest"]:
            raise CasebackError(f"{game / SUBJECTS / name}: not the weights that red gave; copy the game again")
        return counted(subject)
    left, digest = _left(blue.address, name), joined_digest([given["commitment"], name])
    closed = resolve_closed(f"{blue.address}#{name}")
    return RationedSubject(closed, digest, left.get("requests"), left.get("tokens"))


def _left(address: str, name: str) -> Mapping[str, int | None]:
    """What the address says is left of a subject's budget."""
    url = f"{address.rstrip('/')}/models"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            data = json.load(answer)["data"]
        return dict(next(row for row in data if row["id"] == name).get("left") or {})
    except StopIteration:
        raise CasebackError(f"{address} does not serve {name}: serve all subjects of this game there") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CasebackError(f"{url}: no list of subjects there ({error}); give the address that `caseback game serve` "
                            "printed (--address)") from None  # fmt: skip


def _key(given: Mapping[str, Any], name: str, at: int) -> str:
    return Journal.key("spent", given["commitment"], name, at)


def _kept(journal: Journal, given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    while (part := journal.get(_key(given, name, len(found)))) is not None:
        found.append(part)
    return found


def _sum(parts: list[Mapping[str, Any]]) -> dict[str, float]:
    return {what: round(sum(part[what] for part in parts), 2) for what in ("requests", "tokens", "seconds")}


def _body(played: Mapping[str, Mapping[str, Any]], blue: Blue, view: str, posterior: Posterior) -> dict[str, Any]:
    return {
        "game": "find",
        "by": BY,
        "guesses": {name: kept["guesses"] for name, kept in played.items()},
        "spent": {name: kept["spent"] for name, kept in played.items()},
        "why": {name: kept["why"] for name, kept in played.items() if kept["why"]},
        "player": {"view": view, "prior_clean": blue.prior_clean, **plain_data(asdict(posterior))},
        "calibration": {
            "id": blue.calibration["id"],
            "digests": sorted(model["digest"] for model in blue.calibration["models"]),
        },
    }
