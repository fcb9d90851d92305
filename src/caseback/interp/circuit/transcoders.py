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
    cross_layer: bool = False,
    store_folder: Path | None = None,
    captured: Callable[[int, int], None] | None = None,
    trained: Callable[[int, Progress], None] | None = None,
) -> dict[int, Report]:
    """Capture what every MLP reads and writes, and train a transcoder for each; stopped, the same call goes on.

    Args:
        documents: What to capture on; the same stream again when going on.
        settings: Of each training; the parts of a cross-layer transcoder are one training.
        folder: Gets ``store`` and a folder per block.
        store_tokens: Tokens to capture; the store takes 4 bytes for each, times width, times blocks.
        store_folder: Where the captured activations lie instead, for several trainings on the same.
        cross_layer: Train a cross-layer transcoder, whose latents write all later blocks' MLPs too.
        captured: Called with (tokens, tokens wanted).
        trained: Called with the block and how far its training is; with block 0 for a cross-layer transcoder.

    Returns:
        Per block what its transcoder is worth on held-out rows.

    Raises:
        CasebackError: as ``capture_store``, ``fit`` and ``fit_cross_layer``, or the folder has the other kind.
    """
    n_layers = len(find_decoder(subject.model).blocks)
    places = [folder / LAYER.format(layer) for layer in range(n_layers)]
    _check_kind(folder, places, cross_layer)
    sites = [Site(kind, layer) for layer in range(n_layers) for kind in ("mlp_in", "mlp_out")]
    place_of_store = store_folder or folder / "store"
    store = capture_store(subject, documents, sites, place_of_store, tokens=store_tokens, progress=captured)
    reports = {}
    if cross_layer:
        tell_all = None if trained is None else (lambda progress: trained(0, progress))
        dictionaries, found = fit_cross_layer(store, settings, folder, layers=n_layers, progress=tell_all)
        save_transcoders(dict(enumerate(dictionaries)), folder)
        reports = dict(enumerate(found))
    else:
        for layer, place in enumerate(places):
            tell = None if trained is None else (lambda progress, layer=layer: trained(layer, progress))
            seeded = replace(settings, seed=settings.seed + layer)
            _, reports[layer] = fit(
                store, seeded, place, reads=[Site("mlp_in", layer)], writes=[Site("mlp_out", layer)], progress=tell
            )
    with writing(folder):
        (folder / "report.json").write_text(
            json.dumps({layer: vars(report) for layer, report in reports.items()}, indent=1) + "\n", encoding="utf-8"
        )
    return reports


def _check_kind(folder: Path, places: Iterable[Path], cross_layer: bool) -> None:
    """See that the folder has no transcoders of the other kind, trained or in training."""
    others = places if cross_layer else [folder]
    if any((place / CHECKPOINT).is_file() for place in others):
        there, option = ("per-layer transcoders", "without") if cross_layer else ("a cross-layer transcoder", "with")
        raise CasebackError(f"{folder} has {there}: name another --out, or go on {option} --cross-layer")


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
