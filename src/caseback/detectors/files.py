"""Detectors on disk: ``detector.json``, and ``detector.safetensors`` where there are tensors. Data, no code."""

import json
import os
from pathlib import Path
from typing import Any

from caseback.detectors.detector import Detector
from caseback.detectors.plain import Beside, from_plain, to_plain
from caseback.dossier.disk import replaced, writing
from caseback.dossier.record import digest
from caseback.errors import CasebackError

KIND, VERSION = "caseback detector", 1
RECORD, TENSORS = "detector.json", "detector.safetensors"
LARGEST = 1 << 26
"""Bytes of a record that is read: 64 MiB."""
KEYS = {"id", "kind", "version", "detector", "dictionaries"}


def detector_id(detector: Detector) -> str:
    """SHA-256 of everything in the detector in canonical JSON, its tensors and dictionaries by their digests."""
    return _id(to_plain(detector, Beside()))


def core_id(detector: Detector) -> str:
    """SHA-256 of what makes the detector's scores, and not of what is known about them.

    It stays when the detector is calibrated again, costs more, or gets other self-tests or clauses: whoever names a
    detector for others names it by this, and by ``detector_id`` the state in which they have it. Of an ensemble's
    members the calibrated negatives are in it, since its scores are made of them.
    """
    return digest({"kind": KIND, "version": VERSION, "core": _core(to_plain(detector, Beside()))})


def _core(body: Any) -> Any:
    """A detector as plain data without what is only known about it, and so its members."""
    kept = {key: value for key, value in body.items() if key not in ("known", "others", "spent")}
    for member in ("cheap", "dear"):
        if isinstance(kept.get(member), dict):
            kept[member] = _core(kept[member])
    if body["kind"] == "ensemble":
        kept["members"] = [
            {**_core(each), "negatives": each["known"]["calibration"]["negatives"]} for each in body["members"]
        ]
    return kept


def _id(body: Any) -> str:
    return digest({"kind": KIND, "version": VERSION, "detector": body})


def save_detector(detector: Detector, folder: Path) -> str:
    """Write a detector to a folder, the record last, and return its id. Dictionaries stay where they are.

    Raises:
        CasebackError: it cannot be written there, or holds what JSON cannot.
    """
    from safetensors.torch import save

    beside = Beside()
    body = to_plain(detector, beside)
    places = {name: _relative(place, folder) for name, place in beside.folders.items()}
    record = {"id": _id(body), "kind": KIND, "version": VERSION, "dictionaries": places, "detector": body}
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    files = {TENSORS: save(beside.tensors)} if beside.tensors else {}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**files, RECORD: text.encode()}.items():
            replaced(folder / name, content)
        if not files:
            (folder / TENSORS).unlink(missing_ok=True)
    return str(record["id"])


def _relative(place: Path, folder: Path) -> str:
    return Path(os.path.relpath(place.resolve(), folder.resolve())).as_posix()


def load_detector(folder: Path) -> Detector:
    """The detector in a folder.

    Raises:
        CasebackError: there is none, it is damaged or was edited, or it holds what this version does not know.
    """
    path = folder / RECORD
    try:
        if path.stat().st_size > LARGEST:
            raise CasebackError(f"more than {LARGEST} bytes")
        record = json.loads(path.read_bytes())
        if not isinstance(record, dict) or record.get("kind") != KIND or record.get("version") != VERSION:
            raise CasebackError(f"not a detector of version {VERSION}")
        if wrong := sorted(KEYS ^ set(record)):
            raise CasebackError(f"the field {wrong[0]!r:.40} is unknown or missing")
        if record["id"] != _id(record["detector"]):
            raise CasebackError("it was edited since it was made: its id does not fit")
        places = record["dictionaries"]
        if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
            raise CasebackError("dictionaries must give a folder for each digest")
        beside = Beside(_tensors(folder / TENSORS), {name: folder / place for name, place in places.items()})
        made: Detector = from_plain(Detector, record["detector"], beside, "detector")
    except OSError as error:
        raise CasebackError(f"{path}: no detector to read ({error.strerror}); see `caseback detect --help`") from None
    except (ValueError, RecursionError, CasebackError) as error:
        raise CasebackError(f"{path}: {_line(error)}; copy it again from its source, or make it anew") from None
    return made


def _line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split()) if isinstance(error, CasebackError) else f"damaged ({error})"


def _tensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not path.exists():
        return {}
    try:
        return dict(load(path.read_bytes()))
    except SafetensorError as error:
        raise CasebackError(f"{TENSORS} beside it is truncated or damaged ({error})") from None
