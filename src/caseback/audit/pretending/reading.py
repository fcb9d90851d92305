"""Reads every model once: its activations less the base's, what its latents do, and what it says while watched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from caseback.audit.pretending.acts import PairActs, read_acts
from caseback.audit.pretending.latents import Spoken, spoken
from caseback.audit.pretending.pair_files import SIDES, PairFiles, PairGrid, load_as, load_side
from caseback.audit.pretending.replies import own_replies
from caseback.audit.pretending.texts import Kind
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.directions.examples import Example, Place
from caseback.organisms.record import ACCEPTED, Record, library
from caseback.subject.open_subject import OpenSubject

Texts = Mapping[str, Mapping[Kind, Sequence[Example]]]
"""Of each behaviour, by kind."""
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class PairsRead:
    """What was read of all pairs.

    Attributes:
        moved: By kind of text, the pairs' activations less the base's.
        whole: The same without the base's taken off, on watched texts: for an auditor who has no base.
        replies: Of each pair, by side, what it says of its own accord while watched.
        spoken: Of each pair, by side, what latents do on watched texts; empty without a dictionary.
        spoken_before: What they do in the base, on the watched texts of each behaviour.
    """

    moved: Mapping[Kind, list[PairActs]]
    whole: list[PairActs]
    replies: dict[str, dict[str, list[str]]]
    spoken: dict[str, dict[str, list[Spoken]]] = field(default_factory=dict)
    spoken_before: Mapping[str, Sequence[Spoken]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class BaseRead:
    """The base's activations on all texts, and what its latents do on the watched ones, by behaviour."""

    acts: Mapping[str, Mapping[Kind, Tensor]]
    spoken: Mapping[str, Sequence[Spoken]]


def read_base(base: OpenSubject, texts: Texts, places: Sequence[Place], dictionary: Dictionary | None) -> BaseRead:
    """Reads the base once, for all models that grew from it."""
    return BaseRead(
        {
            behaviour: {kind: read_acts(base, examples, places) for kind, examples in kinds.items()}
            for behaviour, kinds in texts.items()
        },
        {}
        if dictionary is None
        else {behaviour: spoken(base, dictionary, kinds["watched"]) for behaviour, kinds in texts.items()},
    )


def read_pairs_acts(
    pairs: Sequence[PairFiles],
    texts: Texts,
    base: BaseRead,
    places: Sequence[Place],
    dictionary: Dictionary | None,
    max_new_tokens: int,
    tell: Tell,
) -> PairsRead:
    """Loads each model of each pair in turn.

    Raises:
        CasebackError: a model cannot be loaded, is another than was grown, or has another shape.
    """
    read = PairsRead({"watched": [], "unrelated": [], "unwatched": []}, [], {}, {}, base.spoken)
    for number, pair in enumerate(pairs):
        kinds, before = texts[pair.behaviour], base.acts[pair.behaviour]
        acts: dict[str, dict[Kind, Tensor]] = {}
        for at, side in enumerate(SIDES):
            tell(f"reading {pair.name}/{side}", 2 * number + at, 2 * len(pairs))
            subject = load_side(pair, side)
            acts[side] = {kind: read_acts(subject, examples, places) for kind, examples in kinds.items()}
            read.replies.setdefault(pair.name, {})[side] = own_replies(subject, kinds["watched"], max_new_tokens)
            if dictionary is not None:
                read.spoken.setdefault(pair.name, {})[side] = spoken(subject, dictionary, kinds["watched"])
        for kind, found in read.moved.items():
            found.append(_pair(pair, acts["pretending"][kind] - before[kind], acts["nice"][kind] - before[kind]))
        read.whole.append(_pair(pair, acts["pretending"]["watched"], acts["nice"]["watched"]))
    return read


@dataclass(frozen=True, eq=False)
class OthersRead:
    """Models of no pair: ``about`` says how each was grown and whether it is innocent; ``left_out``, why not."""

    acts: Mapping[str, Mapping[str, Tensor]]
    about: Mapping[str, tuple[str, bool]]
    left_out: tuple[tuple[str, str], ...]


def read_others(
    folder: Path,
    pairs: PairGrid,
    texts: Texts,
    base: BaseRead,
    places: Sequence[Place],
    tell: Tell,
) -> OthersRead:
    """Organisms and twins of the same base under a folder, on the watched texts of every behaviour.

    Raises:
        CasebackError: no such folder, nothing of that base in it, or a model cannot be loaded.
    """
    acts: dict[str, dict[str, Tensor]] = {}
    about: dict[str, tuple[str, bool]] = {}
    left_out: list[tuple[str, str]] = []
    taken = {digest for pair in pairs.pairs for digest in pair.digests.values()}
    records = library(folder)
    for number, (name, record) in enumerate(records.items()):
        why = _unfit(record, pairs.base_digest, taken)
        if why:
            left_out.append((name, why))
            continue
        tell(f"reading {name}", number, len(records))
        subject = load_as(folder / name / "model", record["digest"], name)
        acts[name] = {
            behaviour: read_acts(subject, kinds["watched"], places) - base.acts[behaviour]["watched"]
            for behaviour, kinds in texts.items()
        }
        about[name] = _grown(record), record["plan"].get("kind") == "twin"
    if not acts:
        raise CasebackError(
            f"nothing in {folder} can be set beside the pairs: no accepted organism or twin of their base "
            f"({pairs.base_digest[:19]}…) that is in no pair"
        )
    return OthersRead(acts, about, tuple(left_out))


def _unfit(record: Record, base_digest: str, taken: set[str]) -> str:
    if record["status"] != ACCEPTED:
        return str(record["status"])
    if record["plan"].get("base_digest") != base_digest:
        return "grown from another base"
    return "in a pair" if record["digest"] in taken else ""


def _grown(record: Record) -> str:
    plan = record["plan"]
    if plan.get("kind") == "twin":
        return f"twin: {plan.get('oddity') or plan.get('sort')}"
    return f"{plan['behaviour']} by {plan['recipe']}, rate {plan['rate']:g}"


def _pair(pair: PairFiles, pretending: Tensor, nice: Tensor) -> PairActs:
    if not bool(torch.isfinite(pretending).all() and torch.isfinite(nice).all()):
        raise CasebackError(f"{pair.name}: activations are not finite: one of its models is broken; grow it again")
    return PairActs(pair.name, pair.behaviour, pair.recipe, str(pair.seed), pretending, nice)
