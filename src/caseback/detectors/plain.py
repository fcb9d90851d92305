"""Detectors as plain data and back, by the types of their fields.

What is read comes from anybody. So every object has all its fields and no others, each of its type, numbers are finite,
and the constructors refuse what does not belong together. Nothing is looked up by a name from the file but kinds.
"""

import hashlib
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from torch import Tensor

from caseback.detectors.detector import Detector
from caseback.detectors.kinds import KINDS, kind_of
from caseback.detectors.latent import OpenDictionary, Source, open_dictionary
from caseback.detectors.own_latent import OwnLatent
from caseback.errors import CasebackError

DEEPEST = 8
"""Detectors within each other."""


@dataclass(frozen=True)
class Beside:
    """What stands beside the JSON: tensors by the digest of their bytes, dictionaries' folders by their digest."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)


def to_plain(value: Any, beside: Beside) -> Any:
    """The value as JSON holds it; tensors and the places of dictionaries go into ``beside``."""
    if isinstance(value, Tensor):
        name = tensor_digest(value)
        beside.tensors[name] = value.contiguous()
        return {"tensor": name}
    if isinstance(value, OpenDictionary):
        beside.folders[value.digest] = value.folder
        return {"dictionary": value.digest}
    if isinstance(value, (tuple, list)):
        return [to_plain(each, beside) for each in value]
    if is_dataclass(value):
        made = {name: to_plain(getattr(value, name), beside) for name in _filed(value)}
        return {"kind": kind_of(value), **made} if type(value) in KINDS.values() else made  # type: ignore[arg-type]
    return dict(value) if isinstance(value, Mapping) else value


def _filed(kind: Any) -> list[str]:
    """Names of the fields that are written down: not what a detector is only lent, such as a judge."""
    return [each.name for each in fields(kind) if each.metadata.get("filed", True)]


def tensor_digest(tensor: Tensor) -> str:
    """SHA-256 of its type, shape and bytes."""
    from safetensors.torch import save

    return hashlib.sha256(save({"tensor": tensor.detach().cpu().contiguous()})).hexdigest()


def from_plain(kind: Any, data: Any, beside: Beside, where: str) -> Any:
    """What ``to_plain`` made, as a value of type ``kind``.

    Raises:
        CasebackError: it is none; ``where`` and the value are named.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Detector:
        if where.count(".") > DEEPEST:  # a dot for each member that it is within
            raise CasebackError(f"{where}: members nested too deeply, more than {DEEPEST} within each other")
        name = _object(data, where).get("kind")
        if not isinstance(name, str) or name not in KINDS:
            raise CasebackError(f"{where} is of kind {name!r:.40}; this caseback knows {', '.join(KINDS)}")
        kind, data = KINDS[name], {key: value for key, value in data.items() if key != "kind"}
    if kind == Source:
        kind = OpenDictionary if "dictionary" in _object(data, where) else OwnLatent
    if kind is Tensor:
        return _tensor(_named(data, "tensor", where), beside, where)
    if kind is OpenDictionary:
        return _dictionary(_named(data, "dictionary", where), beside, where)
    if is_dataclass(kind):
        return _dataclass(kind, _object(data, where), beside, where)
    if origin in (Union, types.UnionType):
        return None if data is None else from_plain(inner[0], data, beside, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise _unlike(where, data, "a list")
        return tuple(from_plain(inner[0], each, beside, f"{where}[{at}]") for at, each in enumerate(data))
    if origin is Literal:
        if data not in inner:
            raise _unlike(where, data, f"one of {', '.join(map(str, inner))}")
        return data
    if origin is Mapping:
        return _object(data, where)
    if kind is float:
        if not isinstance(data, (int, float)) or isinstance(data, bool) or not math.isfinite(data):
            raise _unlike(where, data, "a finite number")
        return float(data)
    if type(data) is not kind:
        raise _unlike(where, data, {str: "text", int: "a whole number", bool: "true or false"}[kind])
    return data


def _unlike(where: str, data: Any, wanted: str) -> CasebackError:
    return CasebackError(f"{where} is {data!r:.60}, and must be {wanted}")


def _object(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _unlike(where, data, "an object")
    return data


def _named(data: Any, key: str, where: str) -> str:
    if not isinstance(data, dict) or [*data] != [key] or not isinstance(data[key], str):
        raise _unlike(where, data, f'{{"{key}": digest}}')
    return data[key]


def _dataclass(kind: Any, data: dict[str, Any], beside: Beside, where: str) -> Any:
    hints = get_type_hints(kind)
    names = _filed(kind)
    for wrong, what in (
        ([key for key in data if key not in names], "has the unknown field"),
        ([name for name in names if name not in data], "lacks the field"),
    ):
        if wrong:
            raise CasebackError(f"{where} {what} {wrong[0]!r:.40}")
    return kind(**{name: from_plain(hints[name], data[name], beside, f"{where}.{name}") for name in names})


def _tensor(name: str, beside: Beside, where: str) -> Tensor:
    if name not in beside.tensors:
        raise CasebackError(f"{where}: its tensor {name[:12]}… is not in the file beside it")
    if tensor_digest(beside.tensors[name]) != name:
        raise CasebackError(f"{where}: its tensor was changed since it was made")
    return beside.tensors[name]


def _dictionary(name: str, beside: Beside, where: str) -> OpenDictionary:
    if name not in beside.folders:
        raise CasebackError(f"{where}: nothing says where its dictionary {name[:19]}… lies")
    found = open_dictionary(beside.folders[name])
    if found.digest != name:
        raise CasebackError(f"{where}: the dictionary in {found.folder} is another, or was changed")
    return found
