"""Dictionaries on disk: ``dictionary.safetensors`` for the weights, ``dictionary.json`` for the rest."""

import json
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.subject.site import Site, parse_site

FORMAT = "caseback-dictionary-1"
WEIGHTS, ABOUT = "dictionary.safetensors", "dictionary.json"
TENSORS = ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip", "router", "b_router")


def save(dictionary: Dictionary, folder: Path) -> None:
    """Write a dictionary, both files whole or not at all.

    Raises:
        CasebackError: the disk is full, or the folder cannot be written.
    """
    import os

    from safetensors.torch import save_file

    given = {name: getattr(dictionary, name) for name in TENSORS}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in given.items() if tensor is not None}
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, folder / f"{WEIGHTS}.part")
            (folder / f"{ABOUT}.part").write_text(described(dictionary), encoding="utf-8")
            for name in (WEIGHTS, ABOUT):
                os.replace(folder / f"{name}.part", folder / name)
    except BaseException:
        for name in (WEIGHTS, ABOUT):  # what is cut short only takes room
            (folder / f"{name}.part").unlink(missing_ok=True)
        raise


def described(dictionary: Dictionary) -> str:
    """What stands in ``dictionary.json``."""
    about = {
        "format": FORMAT,
        "reads": [str(site) for site in dictionary.reads],
        "writes": [str(site) for site in dictionary.writes],
        "d_in": dictionary.d_in,
        "d_out": dictionary.d_out,
        "width": dictionary.width,
        "k": dictionary.k,
        "chosen": dictionary.chosen,
        "models": list(dictionary.models),
        "tokenizer": dictionary.tokenizer,
        "provenance": dict(dictionary.provenance),
    }
    return json.dumps(about, indent=1) + "\n"


def load(folder: Path) -> Dictionary:
    """Read a dictionary that ``save`` wrote.

    Raises:
        CasebackError: a file is missing, damaged, of another format, or holds values that are not finite.
    """
    about = read_json(folder / ABOUT, "not a dictionary folder; make one with `caseback look fit`")
    if about.get("format") != FORMAT:
        raise CasebackError(f"{folder / ABOUT} has format {about.get('format')!r}; this caseback reads {FORMAT}")
    tensors = read_tensors(folder / WEIGHTS, ("W_enc", "b_enc", "W_dec", "b_dec"))
    try:
        reads, writes = (tuple(map(parse_site, about[name])) for name in ("reads", "writes"))
        return Dictionary(
            reads=reads,
            writes=writes,
            **{name: tensors[name] for name in TENSORS if name in tensors},
            k=about["k"],
            chosen=about.get("chosen", 0),
            models=tuple(about["models"]),
            tokenizer=about["tokenizer"],
            provenance=about["provenance"],
        )
    except (KeyError, TypeError) as error:
        raise CasebackError(f"{folder / ABOUT} is damaged ({error}); copy it again from its source") from None


def read_json(path: Path, otherwise: str) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        CasebackError: there is no such file (``otherwise`` says what that means), or it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CasebackError(f"{path} is missing: {otherwise}") from None
    except (OSError, ValueError) as error:
        raise CasebackError(f"{path} cannot be read ({error}); copy it again from its source") from None
    if not isinstance(found, dict):
        raise CasebackError(f"{path} is damaged (no JSON object); copy it again from its source")
    return found


def read_tensors(path: Path, needed: tuple[str, ...]) -> dict[str, Any]:
    """All tensors of a safetensors file, finite and with the needed ones among them.

    Raises:
        CasebackError: otherwise.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Any] = load_file(path)
    except FileNotFoundError:
        raise CasebackError(f"{path} is missing; copy it there") from None
    except (SafetensorError, OSError) as error:
        raise CasebackError(f"{path} is truncated or damaged ({error}); copy it again from its source") from None
    if lacking := [name for name in needed if name not in tensors]:
        raise CasebackError(f"{path} lacks the tensor {lacking[0]}; it has {', '.join(sorted(tensors)) or 'none'}")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise CasebackError(f"{path}: {name} holds values that are not finite; the training diverged")
    return tensors


def sites_in_words(sites: tuple[Site, ...]) -> str:
    """The sites, with commas."""
    return ", ".join(map(str, sites))
