"""A new game: red draws subjects, seals what they are, and gives blue opaque ids and weights, or only an address."""

import os
import secrets
import shutil
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

from caseback.audit.games.draw import RATE_FROM, drawn
from caseback.audit.games.game_file import GAME, SUBJECTS, write_json, write_key
from caseback.audit.games.label import label_of
from caseback.audit.games.seal import sealed
from caseback.audit.games.subjects import stamp, write_subject
from caseback.audit.member import members, opened
from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.organisms.record import library as records
from caseback.subject.load import load
from caseback.world.reference import named_or_given

Sort = Literal["find", "repair"]


@dataclass(frozen=True)
class Budget:
    """What blue may ask of each subject behind an address; None is without limit."""

    requests: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Wanted:
    """The game that red wants.

    Attributes:
        sort: ``find`` what is wrong, or ``repair`` it without being told.
        subjects: How many play.
        clean: The share of them with which nothing is wrong.
        rate_from: The least rate when tempted at which an organism plays.
        seed: Of the draw; None draws one that nobody knows.
        budget: For an address.
    """

    sort: Sort
    subjects: int = 8
    clean: float = 0.5
    rate_from: float = RATE_FROM
    seed: int | None = None
    budget: Budget = Budget()


def new_game(
    wanted: Wanted,
    library: Path,
    out: Path,
    key: Path,
    *,
    base: str | None = None,
    weights: Path | None = None,
    unseen: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Make a game in ``out``, which appears when it is complete, and write its key; what ``game.json`` holds.

    Args:
        library: organisms and twins, all grown from one base.
        out: for blue.
        key: for red, outside ``out``.
        base: where the base is now, if not where it was when they were grown.
        weights: a folder outside ``out`` for the subjects, where blue is to get only an address.
        unseen: digests of models that blue knows, such as those of a calibration; they do not play.
        progress: called with (subjects written, subjects in all).

    Raises:
        CasebackError: the library has too few models, something stands in the way, or a weight file is not what was
            accepted.
    """
    _check_places(out, key, weights)
    if wanted.sort == "repair" and weights is not None:
        raise CasebackError("a repair takes the weights, so blue has to get them: leave --weights out")
    if wanted.budget != Budget() and weights is None:
        raise CasebackError(
            "a budget holds for subjects behind an address: name a folder that red keeps their weights in (--weights)"
        )
    seed = secrets.randbits(53) if wanted.seed is None else wanted.seed
    found, plans = members(library), records(library)
    chosen = drawn(found.accepted, wanted.subjects, wanted.clean, Random(seed), wanted.rate_from, unseen)
    mould = load(named_or_given(base or found.base)[0], dtype="float32")
    if mould.digest != found.base_digest:
        raise CasebackError(
            f"{mould.name} ({mould.digest}) is not the model that {library} was grown from ({found.base_digest}): "
            "name that one with --base"
        )
    names = [f"s{at:02d}" for at in range(1, len(chosen) + 1)]
    work = out.with_name(f"{out.name}.partial")
    place = weights or work / SUBJECTS
    digests = {}
    with writing(out):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        place.mkdir(parents=True, exist_ok=True)
        for done, (name, member) in enumerate(zip(names, chosen, strict=True)):
            if progress:
                progress(done, len(names))
            subject = opened(member, mould.name)
            if subject.digest != member.digest:
                raise CasebackError(
                    f"{member.folder}: its weights are not those that were accepted; plant it again with --fresh"
                )
            digests[name] = write_subject(subject, mould, place / name)
        stamp(place)
        labels = {name: label_of(m, plans[m.planting]) for name, m in zip(names, chosen, strict=True)}
        game, secret = sealed(
            {
                "game": wanted.sort,
                "ground": found.ground,
                "base_digest": found.base_digest,
                "access": "address" if weights else "weights",
                "budget": asdict(wanted.budget),
            },
            labels,
            digests,
            {"seed": seed, "library": str(library), "clean": wanted.clean, "rate_from": wanted.rate_from},
        )
        write_json(work / GAME, game)
        key.parent.mkdir(parents=True, exist_ok=True)
        write_key(key, secret)  # before the game appears: where there is a game there is its key
        os.replace(work, out)
    return dict(game)


def _check_places(out: Path, key: Path, weights: Path | None) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CasebackError(f"{out} is not empty: name a new folder for the game (--out)")
    if key.exists():
        raise CasebackError(
            f"{key} exists, and a game whose key is lost can never be scored: name another (--key), or remove it if "
            "its game was never written"
        )
    for what, path in (("the key", key), ("the weights that red keeps", weights)):
        if path is not None and path.absolute().is_relative_to(out.absolute()):
            raise CasebackError(f"{what} ({path}) would lie in the folder that blue gets ({out}): name another place")
    if weights is not None and weights.exists() and any(weights.iterdir()):
        raise CasebackError(f"{weights} is not empty: name a new folder for the weights (--weights)")
