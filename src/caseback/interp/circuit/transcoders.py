"""Transcoders of all blocks, in a folder: fit from captured activations, written, read back.

Each block has a folder with the dictionary that reads its MLP's input. Per-layer transcoders write that MLP's output;
the parts of a cross-layer transcoder write those of later blocks too, and are trained together.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.circuit.replacement import check_transcoders
from caseback.interp.dictionary.checkpoint import NAME as CHECKPOINT
from caseback.interp.dictionary.cross_layer_fit import fit_cross_layer
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import ABOUT, load, save
from caseback.interp.dictionary.fit import Progress, Report, fit
from caseback.interp.dictionary.settings import Settings
from caseback.interp.store.document import Document
from caseback.interp.store.store import Store
from caseback.interp.store.write import capture_store
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

LAYER = "layer.{}"
"""Name of a block's folder."""


def fit_transcoders(
    subject: OpenSubject,
    documents: Iterable[Document],
    settings: Settings,
    folder: Path,
    *,
    store_tokens: int,
    store_folder: Path | None = None,
    captured: Callable[[int, int], None] | None = None,
    trained: Callable[[int, Progress], None] | None = None,
) -> dict[int, Report]:
    """Capture what every MLP reads and writes, and train a transcoder for each; stopped, the same call goes on.

    Args:
        documents: What to capture on; the same stream again when going on.
        settings: Of each training.
        folder: Gets ``store`` and a folder per block.
        store_tokens: Tokens to capture; the store takes 4 bytes for each, times width, times blocks.
        store_folder: Where the captured activations lie instead, for several trainings on the same.
        captured: Called with (tokens, tokens wanted).
        trained: Called with the block and how far its training is.

    Returns:
        Per block what its transcoder is worth on held-out rows.

    Raises:
        CasebackError: as ``capture_store`` and ``fit``, or the folder has a cross-layer transcoder.
    """
    if (folder / CHECKPOINT).is_file():
        raise _other_kind(folder, "a cross-layer transcoder", "with")
    store = _captured(subject, documents, store_folder or folder / "store", store_tokens, captured)
    reports = {}
    for layer in range(len(find_decoder(subject.model).blocks)):
        tell = None if trained is None else (lambda progress, layer=layer: trained(layer, progress))
        seeded = replace(settings, seed=settings.seed + layer)
        reads, writes = ([Site(kind, layer)] for kind in ("mlp_in", "mlp_out"))
        place = folder / LAYER.format(layer)
        _, reports[layer] = fit(store, seeded, place, reads=reads, writes=writes, progress=tell)
    return _reported(folder, reports)


def fit_cross_layer_transcoder(
    subject: OpenSubject,
    documents: Iterable[Document],
    settings: Settings,
    folder: Path,
    *,
    store_tokens: int,
    store_folder: Path | None = None,
    captured: Callable[[int, int], None] | None = None,
    trained: Callable[[Progress], None] | None = None,
) -> dict[int, Report]:
    """As ``fit_transcoders``, but one training of latents that write all later blocks' MLPs too.

    Args:
        trained: Called with how far the training is.

    Raises:
        CasebackError: as ``capture_store`` and ``fit_cross_layer``, or the folder has per-layer transcoders.
    """
    layers = len(find_decoder(subject.model).blocks)
    if any((folder / LAYER.format(layer) / CHECKPOINT).is_file() for layer in range(layers)):
        raise _other_kind(folder, "per-layer transcoders", "without")
    store = _captured(subject, documents, store_folder or folder / "store", store_tokens, captured)
    dictionaries, reports = fit_cross_layer(store, settings, folder, layers=layers, progress=trained)
    save_transcoders(dict(enumerate(dictionaries)), folder)
    return _reported(folder, dict(enumerate(reports)))


def _captured(
    subject: OpenSubject,
    documents: Iterable[Document],
    folder: Path,
    tokens: int,
    progress: Callable[[int, int], None] | None,
) -> Store:
    """What every MLP reads and writes."""
    layers = range(len(find_decoder(subject.model).blocks))
    sites = [Site(kind, layer) for layer in layers for kind in ("mlp_in", "mlp_out")]
    return capture_store(subject, documents, sites, folder, tokens=tokens, progress=progress)


def _reported(folder: Path, reports: dict[int, Report]) -> dict[int, Report]:
    with writing(folder):
        (folder / "report.json").write_text(
            json.dumps({layer: vars(report) for layer, report in reports.items()}, indent=1) + "\n", encoding="utf-8"
        )
    return reports


def _other_kind(folder: Path, there: str, option: str) -> CasebackError:
    return CasebackError(f"{folder} has {there}: name another --out, or go on {option} --cross-layer")


def load_transcoders(folder: Path, subject: OpenSubject) -> dict[int, Dictionary]:
    """The transcoders in a folder, for this subject.

    Raises:
        CasebackError: there are none, or they were trained on another model.
    """
    found = {}
    for layer in range(len(find_decoder(subject.model).blocks)):
        if (folder / LAYER.format(layer) / ABOUT).is_file():
            found[layer] = load(folder / LAYER.format(layer))
    if not found:
        raise CasebackError(
            f"{folder} has no transcoders ({LAYER.format(0)}/{ABOUT} and so on); make them with "
            f"`caseback look transcoders {subject.name} --out {folder}`"
        )
    for layer, dictionary in found.items():
        if dictionary.models and subject.digest not in dictionary.models:
            raise CasebackError(
                f"{folder / LAYER.format(layer)} was trained on another model ({dictionary.models[0][:19]}), this one "
                f"is {subject.digest[:19]}: train transcoders on it"
            )
    check_transcoders(found, len(find_decoder(subject.model).blocks), find_decoder(subject.model).d_model)
    return found


def save_transcoders(transcoders: dict[int, Dictionary], folder: Path) -> None:
    """Write transcoders so that ``load_transcoders`` finds them."""
    for layer, dictionary in transcoders.items():
        save(dictionary, folder / LAYER.format(layer))
