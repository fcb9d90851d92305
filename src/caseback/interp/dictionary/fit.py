"""Trains a dictionary on a store, from the first step or from where it was stopped; measures it on held-out rows."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.across_peers import check_alike, quality_of_parts
from caseback.interp.dictionary.checkpoint import forget_checkpoint, read_checkpoint, write_checkpoint
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import save
from caseback.interp.dictionary.kernels.choose import kernels_for
from caseback.interp.dictionary.parts import join_parts, write_part
from caseback.interp.dictionary.peers import ALONE, Peers
from caseback.interp.dictionary.quality import Quality
from caseback.interp.dictionary.scaling import in_own_units, measure_scaling
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import Step, train_step
from caseback.interp.dictionary.threshold import level
from caseback.interp.dictionary.training import Resumable, Training, begin
from caseback.interp.store.store import Rows, Store, shuffled_rows, side_by_side
from caseback.subject.cpu import native_on_cpu
from caseback.subject.site import Site

HELD_OUT = 0.05
"""Share of the rows, the last documents, that are not trained on but measured on."""
SAMPLE = 65_536
"""Rows that scales are measured on, and most rows of the measurement at the end."""
LEVEL = 16_384
"""Rows that the threshold of BatchTopK is set on."""
SAVE_SECONDS = 120.0


@dataclass(frozen=True)
class Progress:
    """How far a training is: steps, tokens a second, seconds left, and of the last step FVU, L0 and the share alive."""

    step: int
    steps: int
    tokens_per_second: float
    seconds_left: float
    fvu: float
    l0: float
    alive: float


@dataclass(frozen=True)
class Report:
    """What a trained dictionary is worth on rows that it was not trained on.

    Attributes:
        fvu: Fraction of variance unexplained.
        l0: Mean active latents per token.
        alive: Share of latents that fired within the last ``dead_after`` tokens of training.
        rows: Held-out rows measured on.
        tokens: Tokens trained on.
        seconds: Time that took, of this run.
        encoder: Precision of the encoder in training; ``kernels`` says whether compiled ones were used.
    """

    fvu: float
    l0: float
    alive: float
    rows: int
    tokens: int
    seconds: float
    encoder: str
    kernels: str


def fit(
    store: Store,
    settings: Settings,
    folder: Path,
    *,
    reads: Sequence[Site],
    writes: Sequence[Site] = (),
    beside: Store | None = None,
    fresh: bool = False,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    peers: Peers = ALONE,
    save_every: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Dictionary, Report]:
    """Train a dictionary and write it to a folder; killed, the same call goes on from the last checkpoint.

    On a CPU the result is bit-equal to that of a run without a stop, on as many threads. Several processes, each with
    its ``peers``, make the same call; each holds a share of the latents, the folder is one that all of them see, and
    the dictionary returned is without values (on the device ``meta``): ``files.load`` reads them.

    Args:
        reads: Sites to read: one, or several of equal width side by side (a crosscoder).
        writes: Sites to reconstruct; default those read.
        beside: A store of the same texts from another model. The sites are read in both, side by side: a crosscoder
            of two models (Lindsey et al. 2024), whose latents have a decoder row in each.
        fresh: Forget a checkpoint that is there.
        dtype: Precision of the encoder's product; default bf16 where the processor multiplies it natively, else fp32.
            Weights, sums and updates are fp32.
        save_every: Seconds between checkpoints.
        peers: The processes that train it together, from ``peers.joined``.

    Raises:
        CasebackError: the store lacks a site or is too small, the folder has another training, the disk is full, the
            training diverged, or the processes do not fit together or lost one (``LostError``).
    """
    reads, writes = tuple(reads), tuple(writes) or tuple(reads)
    place = torch.device(device)
    dtype = dtype or encoder_dtype(place)
    kernels = kernels_for(place)
    stores = (store,) if beside is None else (store, beside)
    rows = training_rows(stores, reads + writes)
    sample = shuffled_rows(rows, min(rows, SAMPLE), settings.seed, 0)
    scales = tuple(measure_scaling(_acts(stores, sites, sample), len(stores) * len(sites)) for sites in (reads, writes))
    about = {
        **asdict(settings),
        "store": [each.digest for each in stores],
        "rows": rows,
        "encoder": str(dtype).removeprefix("torch."),
    }
    about |= {"reads": [str(site) for site in reads], "writes": [str(site) for site in writes]}
    check_alike(peers, about)
    d_in, d_out = (len(scale.centre) for scale in scales)
    training = begin(settings, d_in, d_out, dtype=dtype, device=place, peers=peers)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if fresh:
        forget_checkpoint(folder)
        peers.wait()
    read_checkpoint(folder, training, about)

    def step(chosen: Rows) -> Step:
        x_BD = scales[0].apply(_acts(stores, reads, chosen)).to(place)
        y_BE = x_BD if reads == writes else scales[1].apply(_acts(stores, writes, chosen)).to(place)
        return train_step(training, x_BD, y_BE, settings, kernels)

    seconds = take_steps(training, step, settings, folder, about, rows, progress, save_every)
    alive = peers.total((training.idle <= settings.dead_after).sum()) / settings.width
    provenance = {
        "trained_by": "caseback",
        "settings": asdict(settings),
        "stores": [{"digest": each.digest, "name": each.about.get("name", "")} for each in stores],
        "rows": rows,
        "encoder": about["encoder"],
    }
    threshold = _threshold(training, settings, scales[0].apply(_acts(stores, reads, sample[:LEVEL])).to(place))
    named: dict[str, Any] = {
        "k": settings.k if settings.kind == "topk" else None,
        "chosen": settings.chosen if settings.groups else 0,
        "sites": (reads * len(stores), writes * len(stores)),
        "models": (store.model,) if beside is None else tuple(each.model for each in stores for _ in reads),
        "tokenizer": store.tokenizer,
        "provenance": provenance,
    }
    held_out = _held_out(stores, (reads, writes), rows)
    if peers.count == 1:
        dictionary = in_own_units(training, *scales, threshold=threshold, **named).to("cpu")
        quality = Quality(dictionary.d_out, dictionary.width)
        for x_BD, y_BE in held_out:
            quality.add(dictionary, x_BD, y_BE)
    else:
        training.half = None
        quality = quality_of_parts(training, held_out, scales, threshold, settings, kernels)
        dictionary = write_part(folder, training, scales, threshold, **named)
    report = _reported(quality, alive, training, seconds, about["encoder"], kernels, settings)
    dictionary = _with_report(dictionary, report)
    if peers.rank == 0:
        if peers.count == 1:
            save(dictionary, folder)
        else:
            join_parts(folder, dictionary, peers.count)
        with writing(folder):
            (folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    return dictionary, report


def take_steps(
    training: Resumable,
    step: Callable[[Rows], Step],
    settings: Settings,
    folder: Path,
    about: dict[str, Any],
    rows: int,
    progress: Callable[[Progress], None] | None,
    save_every: float | None = None,
) -> float:
    """Does the steps that are left, each on the rows that ``step`` is given, with a checkpoint every so many seconds;
    seconds it took."""
    save_every = SAVE_SECONDS if save_every is None else save_every
    started = saved = time.monotonic()
    first = training.step
    while training.step < settings.steps:
        found = step(shuffled_rows(rows, settings.batch, settings.seed, training.step))
        now = time.monotonic()
        if progress:
            each = (now - started) / (training.step - first)
            progress(
                Progress(
                    step=training.step,
                    steps=settings.steps,
                    tokens_per_second=settings.batch / max(each, 1e-9),
                    seconds_left=each * (settings.steps - training.step),
                    fvu=found.fvu,
                    l0=found.l0,
                    alive=1 - found.dead / (training.width * training.peers.count),
                )
            )
        # All processes write checkpoints at the same step: when the first one's time has come.
        if training.peers.first(now - saved) > save_every or training.step == settings.steps:
            write_checkpoint(folder, training, about)
            saved = time.monotonic()
    return time.monotonic() - started


def encoder_dtype(device: torch.device) -> torch.dtype:
    """bf16 where the processor multiplies it natively, else fp32."""
    return torch.bfloat16 if device.type != "cpu" or native_on_cpu(torch.bfloat16) else torch.float32


def _acts(stores: Sequence[Store], sites: Sequence[Site], rows: Any) -> torch.Tensor:
    """Activations of the sites in each store, side by side."""
    return torch.cat([side_by_side(store, sites, rows) for store in stores], 1)


def training_rows(stores: Sequence[Store], sites: Sequence[Site]) -> int:
    """Rows to train on: all but the held-out documents at the end."""
    for store in stores:
        if not len(store):
            raise CasebackError(f"{store.folder} has no rows yet: capture some")
        for site in sites:
            store.read(site, [0])
        if len(store) != len(stores[0]) or not _same_tokens(store, stores[0]):
            raise CasebackError(
                f"{stores[0].folder} and {store.folder} hold different tokens: capture both from the same texts, with "
                "the same tokenizer and --skip"
            )
    rows = stores[0].split(HELD_OUT)
    if rows < 2 or rows == len(stores[0]):
        raise CasebackError(
            f"{stores[0].folder} has {len(stores[0])} rows, too few to hold some out: capture more texts"
        )
    return rows


def _same_tokens(one: Store, other: Store) -> bool:
    return one is other or all(
        one.tokens(rows).equal(other.tokens(rows))
        for rows in np.array_split(np.arange(len(one)), max(1, len(one) // SAMPLE))
    )


def _threshold(training: Training, settings: Settings, sample_BD: torch.Tensor) -> torch.Tensor | None:
    """The threshold per latent that stands in for the rule of training at inference."""
    if settings.kind == "topk":
        return None
    if training.log_threshold is not None:
        return training.log_threshold.exp()
    return torch.full_like(training.b_enc, level(training, sample_BD, settings.k, settings.chosen))


def _held_out(
    stores: Sequence[Store], sites: tuple[tuple[Site, ...], tuple[Site, ...]], rows: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Activations of the rows that are measured on: what is read, and what should be written."""
    held_out = np.arange(rows, min(len(stores[0]), rows + SAMPLE))
    for part in np.array_split(held_out, max(1, len(held_out) // 1024)):
        x_BD = _acts(stores, sites[0], part).float()
        yield x_BD, x_BD if sites[0] == sites[1] else _acts(stores, sites[1], part).float()


def _reported(
    quality: Quality,
    alive: float,
    training: Training,
    seconds: float,
    encoder: str,
    kernels: ModuleType,
    settings: Settings,
) -> Report:
    return Report(
        fvu=quality.fvu,
        l0=quality.l0,
        alive=alive,
        rows=quality.tokens,
        tokens=training.step * settings.batch,
        seconds=round(seconds, 2),
        encoder=encoder,
        kernels=kernels.__name__.rpartition(".")[2],
    )


def _with_report(dictionary: Dictionary, report: Report) -> Dictionary:
    from dataclasses import replace

    # The time is left out, so that the same training writes the same dictionary.
    kept = {name: value for name, value in asdict(report).items() if name != "seconds"}
    return replace(dictionary, provenance={**dictionary.provenance, "report": kept})
