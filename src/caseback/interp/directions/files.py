"""Directions on disk: ``direction.safetensors`` with the vector, ``direction.json`` with everything else."""

import hashlib
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import check_belongs, tokenizer_digest
from caseback.stats.threshold import Threshold
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

KIND, VERSION = "caseback direction", 1
NORM = "vector has length 1; one dose adds step * vector; score = (x . vector - zero) / step"
RECORD, TENSORS = "direction.json", "direction.safetensors"


def save_direction(direction: Direction, folder: Path) -> None:
    """Write a direction to a folder, the record last, so that a record always has its vector.

    Raises:
        CasebackError: it cannot be written there, in one line.
    """
    from safetensors.torch import save

    parts = {each.name: getattr(direction, each.name) for each in fields(direction) if each.name != "vector"}
    record = {
        **parts,
        **{name: asdict(parts[name]) for name in ("site", "reading", "provenance")},
        "calibration": [asdict(each) for each in direction.calibration],
    }
    tensors = save({"vector": direction.vector.contiguous()})
    record = {
        "kind": KIND,
        "version": VERSION,
        "norm": NORM,
        "vector": {"file": TENSORS, "sha256": hashlib.sha256(tensors).hexdigest(), "width": len(direction.vector)},
        **record,
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in ((TENSORS, tensors), (RECORD, (json.dumps(record, indent=1) + "\n").encode())):
            begun = folder / f".{name}.part"
            begun.write_bytes(content)
            begun.replace(folder / name)


def load_direction(folder: Path, subject: OpenSubject) -> Direction:
    """The direction in a folder, for the model that it belongs to.

    Raises:
        CasebackError: it is none, it is damaged, or it belongs to another model.
    """
    direction = read_direction(folder)
    check_belongs(f"the direction in {folder}", direction.model, direction.tokenizer, subject)
    return direction


def carried_over(folder: Path, subject: OpenSubject) -> Direction:
    """The direction in a folder for another model with the same tokenizer, such as one trained from the first.

    Its thresholds stay behind: they hold for the model that they were set on. Provenance says where it comes from.

    Raises:
        CasebackError: it is none, it is damaged, the tokenizers differ, or its width is not the model's.
    """
    direction = read_direction(folder)
    check_belongs(f"the direction in {folder}", subject.digest, direction.tokenizer, subject)
    width = subject.model.config.get_text_config().hidden_size
    if direction.site.kind in ("resid_pre", "resid_post", "attn_out", "mlp_out") and width != len(direction.vector):
        raise CasebackError(f"the direction in {folder} has width {len(direction.vector)}, and {subject.name} {width}")
    return replace(
        direction,
        model=subject.digest,
        tokenizer=tokenizer_digest(subject),
        calibration=(),
        provenance=replace(direction.provenance, from_model=direction.provenance.from_model or direction.model),
    )


def read_direction(folder: Path) -> Direction:
    """The direction in a folder, whichever model it belongs to.

    Raises:
        CasebackError: it is none, or it is damaged.
    """
    from safetensors.torch import load

    path = folder / RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        if record["kind"] != KIND or record["version"] != VERSION:
            raise CasebackError(f"{path} is not a direction of version {VERSION}: fit it again")
        content = (folder / TENSORS).read_bytes()
        if hashlib.sha256(content).hexdigest() != record["vector"]["sha256"]:
            raise CasebackError(f"{folder / TENSORS} is truncated or not the one that {RECORD} names: copy both again")
        provenance: dict[str, Any] = dict(record["provenance"])
        provenance |= {key: tuple(provenance[key]) for key in ("families", "layers")}
        return Direction(
            record["name"],
            record["about"],
            Site(record["site"]["kind"], record["site"]["layer"]),
            load(content)["vector"],
            float(record["step"]),
            float(record["zero"]),
            Reading(**record["reading"]),
            Provenance(**provenance),
            record["model"],
            record["tokenizer"],
            tuple(Threshold(**each) for each in record["calibration"]),
            record["notes"],
        )
    except CasebackError:
        raise
    except OSError as error:
        raise CasebackError(
            f"no direction in {folder} ({error.strerror}): make one with `caseback look direction`"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CasebackError(
            f"{path} is damaged ({type(error).__name__}: {error}): copy it again, or fit again"
        ) from None
