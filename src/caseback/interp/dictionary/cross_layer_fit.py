"""Trains a cross-layer transcoder on a store, from the first step or from where it was stopped, and measures it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from caseback.dossier.disk import writing
from caseback.interp.dictionary.checkpoint import forget_checkpoint, read_checkpoint
from caseback.interp.dictionary.cross_layer import CrossLayer, begin_cross_layer, cross_layer_step, level_across
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.fit import LEVEL, SAMPLE, Progress, Report, encoder_dtype, take_steps, training_rows
from caseback.interp.dictionary.kernels.choose import kernels_for
from caseback.interp.dictionary.quality import Quality
from caseback.interp.dictionary.scaling import Scaling, in_own_units, measure_scaling
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import Step
from caseback.interp.dictionary.together import written_together
from caseback.interp.store.store import Rows, Store, shuffled_rows, side_by_side
from caseback.subject.site import Site


def fit_cross_layer(
    store: Store,
    settings: Settings,
    folder: Path,
    *,
    layers: int,
    fresh: bool = False,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[list[Dictionary], list[Report]]:
    """Train a cross-layer transcoder; killed, the same call goes on from the last checkpoint in the folder, on a CPU
    bit-equal to a run without a stop.

    Args:
        settings: ``width`` latents and ``k`` active ones are those of each layer; of ``batchtopk`` k is the mean over
            tokens and layers.
        layers: Number of layers; ``mlp_in`` and ``mlp_out`` of all are read from the store.
        fresh, device, dtype: As in ``fit``.

    Returns:
        Per layer the dictionary of the latents that read it, and what the whole is worth at its output: FVU of what
        all layers up to it write there, L0 and alive of the latents that read it.

    Raises:
        CasebackError: as ``fit``, or the settings ask for what a cross-layer transcoder does not have.
    """
    reads, writes = ([Site(kind, layer) for layer in range(layers)] for kind in ("mlp_in", "mlp_out"))
    place = torch.device(device)
    dtype = dtype or encoder_dtype(place)
    kernels = kernels_for(place)
    rows = training_rows([store], [*reads, *writes])
    sample = shuffled_rows(rows, min(rows, SAMPLE), settings.seed, 0)
    read_scales, write_scales = (
        [measure_scaling(store.read(site, sample), 1) for site in sites] for sites in (reads, writes)
    )
    training = begin_cross_layer(settings, layers, len(write_scales[0].centre), dtype=dtype, device=place)
    about = {
        **asdict(settings),
        "store": [store.digest],
        "rows": rows,
        "encoder": str(dtype).removeprefix("torch."),
        "layers": layers,
    }
    if fresh:
        forget_checkpoint(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    read_checkpoint(folder, training, about)
    together = _beside(write_scales)

    def read(chosen: Rows) -> list[Tensor]:
        pairs = zip(reads, read_scales, strict=True)
        return [scaling.apply(store.read(site, chosen)).to(place) for site, scaling in pairs]

    def step(chosen: Rows) -> Step:
        y_BE = together.apply(side_by_side(store, writes, chosen)).to(place)
        return cross_layer_step(training, read(chosen), y_BE, settings, kernels)

    seconds = take_steps(training, step, settings, folder, about, rows, progress)
    threshold = None if settings.kind == "topk" else level_across(training, read(sample[:LEVEL]), settings, kernels)
    provenance = {
        "trained_by": "caseback",
        "cross_layer": layers,
        "settings": asdict(settings),
        "stores": [{"digest": store.digest, "name": store.about.get("name", "")}],
        "rows": rows,
        "encoder": about["encoder"],
    }
    found = []
    for layer, part in enumerate(training.parts):
        # Each layer's mean is added once, by the part of that layer.
        centred = [replace(s, centre=s.centre * (n == 0)) for n, s in enumerate(write_scales[layer:])]
        dictionary = in_own_units(
            part,
            read_scales[layer],
            _beside(centred),
            k=settings.k if threshold is None else None,
            threshold=None if threshold is None else torch.full_like(part.b_enc, threshold),
            sites=((reads[layer],), tuple(writes[layer:])),
            models=(store.model,),
            tokenizer=store.tokenizer,
            provenance=provenance,
        )
        found.append(dictionary.to("cpu"))
    reports = _measured(found, store, rows, training, settings, seconds, about["encoder"], kernels.__name__)
    # The time is left out, so that the same training writes the same dictionaries.
    kept = [{name: value for name, value in asdict(report).items() if name != "seconds"} for report in reports]
    return [replace(d, provenance={**provenance, "report": r}) for d, r in zip(found, kept, strict=True)], reports


def _beside(scales: Sequence[Scaling]) -> Scaling:
    """Scalings of sites side by side."""
    return Scaling(*(torch.cat([getattr(s, name) for s in scales]) for name in ("centre", "scale")))


def _measured(
    dictionaries: Sequence[Dictionary],
    store: Store,
    rows: int,
    training: CrossLayer,
    settings: Settings,
    seconds: float,
    encoder: str,
    kernels: str,
) -> list[Report]:
    """Per layer, on held-out rows."""
    held_out = np.arange(rows, min(len(store), rows + SAMPLE))
    qualities = [Quality(dictionaries[-1].d_out, dictionary.width) for dictionary in dictionaries]
    for chosen in np.array_split(held_out, max(1, len(held_out) // 1024)):
        codes = [encode(dictionary, store.read(dictionary.reads[0], chosen).float()) for dictionary in dictionaries]
        written = written_together(zip(dictionaries, codes, strict=True))
        for quality, dictionary, active in zip(qualities, dictionaries, codes, strict=True):
            site = dictionary.writes[0]
            quality.count(written[site], store.read(site, chosen).float(), int((active.values_BK > 0).sum()))
    return [
        Report(
            fvu=quality.fvu,
            l0=quality.l0,
            alive=float((part.idle <= settings.dead_after).double().mean()),
            rows=len(held_out),
            tokens=training.step * settings.batch,
            seconds=round(seconds, 2),
            encoder=encoder,
            kernels=kernels.rpartition(".")[2],
        )
        for quality, part in zip(qualities, training.parts, strict=True)
    ]
