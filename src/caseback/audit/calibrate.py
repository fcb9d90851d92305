"""Calibrate a panel: every organism, in every dose, and every twin of a library is put through it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from caseback.audit.assay import Assay, Examined, both
from caseback.audit.calibration_file import calibration_data
from caseback.audit.carried import carried
from caseback.audit.examine import Statistics, examine
from caseback.audit.member import Member, Members, members, opened
from caseback.audit.panel import Panel, assays
from caseback.audit.view import set_thresholds, view
from caseback.behaviours.registry import behaviours
from caseback.errors import CasebackError
from caseback.stats.panel import FEWEST
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal
from caseback.training.side_by_side import side_by_side, stop_if_alone
from caseback.world.reference import named_or_given

VIEWS: Mapping[str, tuple[str, ...]] = {
    "black-box": ("replies",),
    "with scores": ("replies", "scores"),
    "white-box": ("weights",),
    "all": ("replies", "scores", "weights"),
}
"""Which assays are calibrated together, by what they need of the model."""
Progress = Callable[[str, int, int], None]


def calibrate(
    library: Path,
    panel: Panel,
    folder: Path,
    *,
    base: str | None = None,
    seed: int = 0,
    thresholds: Mapping[str, Any] | None = None,
    workers: int = 1,
    ray: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The calibration as plain data. What was measured is kept in ``folder``, so that a killed run repeats nothing.

    Args:
        library: folder of organisms and twins, all grown from one base.
        panel: what each of them is put through.
        folder: for the journal.
        base: where that base is now, or the name of a reference model, if not where it was when they were grown.
        seed: of situations and replies; an audit by this calibration uses the same ones.
        thresholds: another calibration, of another base, to carry them over from; then all twins are counted. The panel
            and the seed have to be its own.
        workers: processes that share the models out among them.
        ray: address of a Ray cluster for them; as ``side_by_side``.
        progress: called with (what is examined, models done, models in all).

    Raises:
        CasebackError: the library does not fit the base, or has too few twins; or what thresholds are carried over from
            was made with another panel, seed, ground or assays.
    """
    found = members(library)
    if thresholds:
        _check_alike(thresholds, panel, seed, found.ground)
    twins = [member for member in found.accepted if member.is_twin]
    if len(twins) < 2 * FEWEST and not thresholds:
        raise CasebackError(
            f"{library} has {len(twins)} accepted twins, and {2 * FEWEST} are the least: half of them set thresholds, "
            "half test them; grow more with `caseback plant twin` (for false alarms of 1 in 20, 19 in each half)"
        )
    where = base or found.base
    grown_from = load(named_or_given(where)[0], dtype="float32")
    if grown_from.digest != found.base_digest:
        raise CasebackError(
            f"{where} ({grown_from.digest}) is not the model that {library} was grown from ({found.base_digest}): "
            "name that one with --base"
        )
    chosen = _chosen(found, panel, thresholds)
    share = partial(_share, found, thresholds, panel, grown_from.name, seed, workers)
    beside = _examined(grown_from, found, panel, seed)
    with side_by_side(folder / "statistics.jsonl", workers, share, ray) as journal:
        itself = examine(beside, chosen, panel.seconds, journal)
        own = found.accepted[::workers]
        measured = _measured(own, chosen, panel.seconds, beside, journal, _of_all(progress, workers))
    rest = [member for member in found.accepted if member.name not in measured]
    measured |= _measured(rest, chosen, panel.seconds, beside, journal, progress)
    setting = [] if thresholds else threshold_twins(twins)
    parts = {name: {a: assay for a, assay in chosen.items() if assay.needs in needs} for name, needs in VIEWS.items()}
    panels = (
        {name: carried(thresholds, name, itself) for name in parts if name in thresholds["views"]}
        if thresholds
        else {
            name: set_thresholds(part, [twin for twin in twins if twin.name in setting], measured)
            for name, part in parts.items()
            if _can_be_set(part, measured, setting)
        }
    )
    if "all" not in panels:
        raise CasebackError(f"{library}: no assay could be told on {FEWEST} of its {len(setting)} threshold twins")
    views = {name: view(parts[name], each, found.accepted, measured, setting) for name, each in panels.items()}
    return calibration_data(
        replace(found, base=where), panel, seed, chosen, setting, views, measured, itself, thresholds
    )


def _chosen(found: Members, panel: Panel, thresholds: Mapping[str, Any] | None) -> dict[str, Assay]:
    """The assays of a calibration that thresholds come from; else those of the panel for the behaviours that the
    library has. What looks for others would cost time and false alarms, and nobody would know what it finds.

    Raises:
        CasebackError: a behaviour of the library is not installed.
    """
    installed = behaviours()
    if thresholds:
        known = assays(installed, found.ground, panel.name)
        return {name: known[name] for name in thresholds["assays"]}
    planted = {member.behaviour for member in found.accepted if not member.is_twin}
    if missing := sorted(planted - set(installed)):
        raise CasebackError(f"the library has behaviours that are not installed here: {', '.join(missing)}")
    return assays({name: each for name, each in installed.items() if name in planted}, found.ground, panel.name)


def threshold_twins(twins: Sequence[Member]) -> list[str]:
    """Names of those that set thresholds: every other one of each sort, in the order of their digests."""
    by_sort: dict[str, list[Member]] = {}
    for twin in sorted(twins, key=lambda twin: twin.digest):
        by_sort.setdefault(twin.sort, []).append(twin)
    places = [twin.name for _, each in sorted(by_sort.items()) for twin in each]
    return places[::2]


def _can_be_set(part: Iterable[str], measured: Mapping[str, Statistics], setting: Sequence[str]) -> bool:
    """Whether any of the assays was told on twins enough for a threshold."""
    return any(sum(measured[twin][name].value is not None for twin in setting) >= FEWEST for name in part)


def _measured(
    wanted: Sequence[Member],
    chosen: Mapping[str, Assay],
    seconds: float,
    beside: Examined,
    journal: Journal,
    progress: Progress | None,
) -> dict[str, Statistics]:
    """The statistics of each member, examined as the base is in ``beside``."""
    base, measured = both(beside)[1], {}
    for done, member in enumerate(wanted):
        if progress:
            progress(member.name, done, len(wanted))
        subject = opened(member, base.name)
        if subject.digest != member.digest:
            raise CasebackError(
                f"{member.folder}: its weights are not those that were accepted; plant it again with --fresh"
            )
        measured[member.name] = examine(replace(beside, subject=subject), chosen, seconds, journal)
    return measured


def _share(
    found: Members,
    thresholds: Mapping[str, Any] | None,
    panel: Panel,
    base: str,
    seed: int,
    workers: int,
    journal: Path,
    i: int,
) -> None:
    """What another process does: every ``workers``-th model, from the ``i``-th on."""
    wanted = found.accepted[i::workers]
    grown_from, kept = load(base, dtype="float32"), Journal(journal)
    beside = _examined(grown_from, found, panel, seed)
    _measured(wanted, _chosen(found, panel, thresholds), panel.seconds, beside, kept, lambda *_: stop_if_alone())


def _of_all(progress: Progress | None, workers: int) -> Progress | None:
    """Tells of all models, where each process sees its own: the others are about as far."""
    return progress and (lambda name, done, total: progress(name, done * workers, total * workers))


def _examined(base: OpenSubject, found: Members, panel: Panel, seed: int) -> Examined:
    """The base beside itself; other models take its place as the subject."""
    return Examined(base, base, found.ground, panel.n, seed, panel.max_new_tokens)


def _check_alike(thresholds: Mapping[str, Any], panel: Panel, seed: int, ground: str) -> None:
    """Thresholds hold for the panel, the situations and the kind of ground that they were set on."""
    name = f"calibration {thresholds['id'][:12]}"
    if Panel(**thresholds["panel"]) != panel:
        raise CasebackError(f"{name} is of the {thresholds['panel']['name']} panel: pass --panel of that name")
    if thresholds["seed"] != seed:
        raise CasebackError(f"{name} was made with seed {thresholds['seed']}: pass --seed {thresholds['seed']}")
    if missing := sorted(set(thresholds["assays"]) - set(assays(behaviours(), ground, panel.name))):
        raise CasebackError(f"{name} has assays that there are not on {ground}: {', '.join(missing)}")
