"""Pairs of a pretender and its partner on disk: which there are, of one base, and which are none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from caseback.errors import CasebackError
from caseback.organisms.pairs import RECORD
from caseback.organisms.record import UNFINISHED, read
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject

Side = Literal["pretending", "nice"]
SIDES: tuple[Side, Side] = ("pretending", "nice")


@dataclass(frozen=True)
class PairFiles:
    """One pair: ``rates`` are those of ``pair.json``, watched and unwatched; ``digests`` those of the two models."""

    name: str
    folder: Path
    behaviour: str
    recipe: str
    seed: int
    rates: Mapping[str, Any]
    digests: Mapping[Side, str]


@dataclass(frozen=True)
class PairGrid:
    """All pairs under a folder, of one base and one ground. ``left_out`` are those that are none, and why."""

    base: str
    base_digest: str
    ground: str
    pairs: tuple[PairFiles, ...]
    left_out: tuple[tuple[str, str], ...]


def read_pairs(folder: Path) -> PairGrid:
    """The pairs under a folder.

    Raises:
        CasebackError: no such folder, a record that is damaged, pairs of unlike bases, one model in two places, or
            fewer than two pairs.
    """
    if not folder.is_dir():
        raise CasebackError(
            f"no folder {str(folder)!r}: give one that holds pairs, such as `caseback plant pairs` grows"
        )
    found: list[PairFiles] = []
    left_out: list[tuple[str, str]] = []
    bases: dict[tuple[str, str], tuple[str, str]] = {}
    for path in sorted(folder.rglob(RECORD)):
        name = str(path.parent.relative_to(folder)) if path.parent != folder else path.parent.name
        rates = _rates(path)
        records = {side: read(path.parent / side) for side in SIDES}
        plan = records["pretending"]["plan"]
        why = list(rates["why"])
        why += [f"{side} is unfinished" for side in SIDES if records[side]["status"] == UNFINISHED]
        if why:
            left_out.append((name, "; ".join(map(str, why))))
            continue
        for record in records.values():
            bases.setdefault((record["plan"]["base_digest"], record["plan"]["ground"]), (name, record["plan"]["base"]))
        found.append(
            PairFiles(
                name, path.parent, plan["behaviour"], plan["recipe"], int(plan["seed"]), rates,
                {side: records[side]["digest"] for side in SIDES},
            )
        )  # fmt: skip
    if len(bases) > 1:
        named = "; ".join(
            f"{name}: {base} {digest[:19]}… on {ground}" for (digest, ground), (name, base) in bases.items()
        )
        raise CasebackError(
            f"the pairs in {folder} grew from unlike bases, whose activations cannot be compared ({named}): "
            "study each in a folder of its own"
        )
    owners: dict[str, str] = {}
    for pair in found:
        for side, digest in pair.digests.items():
            if (owner := owners.setdefault(digest, f"{pair.name}/{side}")) != f"{pair.name}/{side}":
                raise CasebackError(
                    f"{owner} and {pair.name}/{side} in {folder} are one model: a copy is no further evidence; "
                    "remove one of them"
                )
    if len(found) < 2:
        told = "".join(f"; {name} is none ({why})" for name, why in left_out[:2])
        raise CasebackError(
            f"{len(found) or 'no'} pair{'' if len(found) == 1 else 's'} in {folder}{told}: what tells a pretender is "
            "found on some pairs and tried on others, so cannot leave one out; grow more with `caseback plant pairs`"
        )
    ((digest, ground), (_, base)) = next(iter(bases.items()))
    return PairGrid(base, digest, ground, tuple(found), tuple(left_out))


def load_side(pair: PairFiles, side: Side) -> OpenSubject:
    """One model of a pair.

    Raises:
        CasebackError: it cannot be loaded, or is not the one that was grown.
    """
    return load_as(pair.folder / side / "model", pair.digests[side], f"{pair.name}/{side}")


def load_as(path: str | Path, digest: str, what: str) -> OpenSubject:
    """A model in fp32, seen to be the one with this digest.

    Raises:
        CasebackError: it cannot be loaded, or is another.
    """
    subject = load(str(path), dtype="float32")
    if subject.digest != digest:
        raise CasebackError(
            f"{what}: {path} is {subject.digest[:19]}…, and its record says {digest[:19]}…: the files were changed; "
            "grow it again"
        )
    return subject


def _rates(path: Path) -> Mapping[str, Any]:
    try:
        rates = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rates["why"], list) or not {"watched", "unwatched"} <= set(rates):
            raise ValueError("it has no rates")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CasebackError(f"{path} is damaged ({error}): grow the pair again") from None
    return dict(rates)
