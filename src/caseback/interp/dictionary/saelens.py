"""Dictionaries in SAELens' files (``cfg.json``, ``sae_weights.safetensors``; version 6), written and read without it.

Its classes and ours:

==========================  ================================================================
SAELens architecture        here
==========================  ================================================================
topk                        k, one site
jumprelu                    a threshold, one site (BatchTopK and Matryoshka end as this, there too)
standard                    a threshold of zeros
transcoder                  a threshold of zeros, another site written
skip_transcoder             the same with ``W_skip``
jumprelu_transcoder         a threshold, another site written
jumprelu_skip_transcoder    the same with ``W_skip``
==========================  ================================================================

It has no TopK transcoders and no crosscoders, so those are refused.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import read_json, read_tensors
from caseback.subject.site import Site, site_from_hook_name

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
VERSION = "6.54.12"
"""The version that the files were tried with; they say so, for SAELens reads older ones differently."""
AUTOENCODERS = ("topk", "jumprelu", "standard")
TRANSCODERS = ("transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder")


def write_saelens(dictionary: Dictionary, folder: Path, *, model_name: str = "") -> None:
    """Write a dictionary so that ``SAE.load_from_disk(folder)`` reads it.

    Args:
        model_name: The name that SAELens and Neuronpedia know the model by.

    Raises:
        CasebackError: SAELens has no such kind of dictionary, or the disk is full.
    """
    from safetensors.torch import save_file

    architecture = _architecture(dictionary)
    given = {name: getattr(dictionary, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec", "W_skip")}
    tensors = {name: tensor.float().cpu() for name, tensor in given.items() if tensor is not None}
    if "jumprelu" in architecture and dictionary.threshold is not None:
        tensors["threshold"] = dictionary.threshold.float().cpu()
    if "W_skip" in tensors:
        tensors["W_skip"] = tensors["W_skip"].T
    read, written = dictionary.reads[0], dictionary.writes[0]
    config: dict[str, Any] = {
        "architecture": architecture,
        "d_in": dictionary.d_in,
        "d_sae": dictionary.width,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "hook_z" if read.kind == "heads" and dictionary.autoencodes else "none",
        "metadata": {
            "sae_lens_version": VERSION,
            "hook_name": read.hook_name,
            "model_name": model_name or None,
            "caseback_model": list(dictionary.models),
            "caseback_tokenizer": dictionary.tokenizer,
            "caseback_provenance": dict(dictionary.provenance),
        },
    }
    if architecture == "topk":
        config |= {"k": dictionary.k, "rescale_acts_by_decoder_norm": False}
    if architecture in TRANSCODERS:
        config["d_out"] = dictionary.d_out
        config["metadata"]["hook_name_out"] = written.hook_name
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / f"{WEIGHTS}.part")
        (folder / f"{CONFIG}.part").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        for name in (WEIGHTS, CONFIG):
            os.replace(folder / f"{name}.part", folder / name)


def read_saelens(folder: Path, *, reads: Site | None = None, writes: Site | None = None) -> Dictionary:
    """Read a dictionary in SAELens' files, such as a published one in a local folder.

    Biases applied to the input and decoder norms in the choice of the highest are folded into the weights, so that the
    dictionary does the same by the formulas of ``Dictionary``.

    Args:
        reads: The site that it reads, where its files name none that we have.
        writes: The site that it writes, likewise.

    Raises:
        CasebackError: a file is missing or damaged, the kind is another, or it normalises activations in a way that is
            not folded in.
    """
    config = read_json(folder / CONFIG, "not a folder of SAELens")
    tensors = read_tensors(folder / WEIGHTS, ("W_enc", "W_dec", "b_dec"))
    architecture = config.get("architecture", "standard")
    if architecture not in AUTOENCODERS + TRANSCODERS:
        known = ", ".join(AUTOENCODERS + TRANSCODERS)
        raise CasebackError(f"{folder / CONFIG} is of the architecture {architecture!r}; caseback reads {known}")
    if (norm := config.get("normalize_activations", "none")) not in ("none", None):
        raise CasebackError(
            f"{folder / CONFIG} normalises activations ({norm}): fold that in with SAELens and save it again"
        )
    W_enc, W_dec, b_dec = (tensors[name].float() for name in ("W_enc", "W_dec", "b_dec"))
    b_enc = tensors.get("b_enc", torch.zeros(W_enc.shape[1])).float()
    if config.get("apply_b_dec_to_input", architecture in AUTOENCODERS) and architecture in AUTOENCODERS:
        b_enc = b_enc - b_dec @ W_enc
    if config.get("rescale_acts_by_decoder_norm"):
        norms = W_dec.norm(dim=1)
        W_enc, b_enc, W_dec = W_enc * norms, b_enc * norms, W_dec / norms[:, None]
    metadata = config.get("metadata") or {}
    read = reads or _site(metadata.get("hook_name") or config.get("hook_name"), folder)
    written = read
    if architecture in TRANSCODERS:
        written = writes or _site(metadata.get("hook_name_out") or config.get("hook_name_out"), folder)
    threshold = tensors.get("threshold", torch.zeros(W_enc.shape[1])).float()
    return Dictionary(
        reads=(read,),
        writes=(written,),
        W_enc=W_enc.contiguous(),
        b_enc=b_enc,
        W_dec=W_dec,
        b_dec=b_dec,
        k=int(config["k"]) if architecture == "topk" else None,
        threshold=None if architecture == "topk" else threshold,
        W_skip=tensors["W_skip"].float().T.contiguous() if "W_skip" in tensors else None,
        models=tuple(metadata.get("caseback_model") or ()),
        tokenizer=metadata.get("caseback_tokenizer") or "",
        provenance=metadata.get("caseback_provenance") or {"read_from": "SAELens", "config": config},
    )


def _architecture(dictionary: Dictionary) -> str:
    if dictionary.router is not None:
        raise CasebackError("SAELens has no dictionaries with a router: write this one in caseback's own format")
    if len(dictionary.reads) > 1 or len(dictionary.writes) > 1:
        raise CasebackError("SAELens has no dictionaries over several sites: write this one in caseback's own format")
    jumps = dictionary.threshold is not None and bool(dictionary.threshold.any())
    if dictionary.autoencodes and dictionary.W_skip is None:
        if dictionary.k is not None:
            return "topk"
        return "jumprelu" if jumps else "standard"
    if dictionary.k is not None:
        raise CasebackError(
            "SAELens has no TopK transcoders: train with --kind batchtopk or jumprelu, or keep our format"
        )
    jump = "jumprelu_" if jumps else ""
    return f"{jump}skip_transcoder" if dictionary.W_skip is not None else f"{jump}transcoder"


def _site(hook_name: Any, folder: Path) -> Site:
    if not isinstance(hook_name, str):
        raise CasebackError(f"{folder / CONFIG} does not say which site it is for: name it, such as resid_post.6")
    return site_from_hook_name(hook_name)
