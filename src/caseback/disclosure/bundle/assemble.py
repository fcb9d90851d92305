"""A draft's files: the advisory, its detectors with tensors, recipes and tests, evidence, and what is withheld."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from caseback.disclosure.bundle.commitment import committed
from caseback.disclosure.bundle.manifest import check_sizes
from caseback.disclosure.bundle.paths import ADVISORY, NAME
from caseback.disclosure.bundle.recipe import ANY, Recipe, read_rows, recipe_data, rows_text, split_by_family
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.detector import Detector


def slug(text: str) -> str:
    """A name for files out of any text.

    Raises:
        CasebackError: no letter or digit is left.
    """
    made = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:50]
    if not NAME.fullmatch(made):
        raise CasebackError(f"{text!r:.60} makes no name of a file: use letters and digits")
    return made


def with_detector(
    advisory: Mapping[str, Any], files: Mapping[str, bytes], folder: Path
) -> tuple[Any, dict[str, bytes]]:
    """The advisory and files with the detector in a folder added; a latent goes without the rest of its dictionary.

    Raises:
        CasebackError: there is none, it cannot go without its dictionary, or one of its name is there already.
    """
    from caseback.detectors.alone import alone
    from caseback.detectors.files import RECORD, TENSORS, load_detector, save_detector
    from caseback.detectors.kinds import kind_of

    made = load_detector(folder)
    try:
        made = alone(made)
    except CasebackError as error:
        raise CasebackError(f"{error}; or publish its recipe instead (--contrast)") from None
    with TemporaryDirectory() as place:
        save_detector(made, Path(place))
        kept = {path.name: path.read_bytes() for path in Path(place).iterdir()}
    name = slug(made.name)
    added = {f"detectors/{name}.json": kept[RECORD]}
    entry: dict[str, Any] = {**_known(made), "name": name, "file": f"detectors/{name}.json", "kind": kind_of(made)}
    if TENSORS in kept:
        added[f"tensors/{name}.safetensors"] = kept[TENSORS]
        entry["tensors"] = f"tensors/{name}.safetensors"
    return _with(advisory, entry), {**files, **_new(added, files)}


def _known(made: "Detector") -> dict[str, Any]:
    from caseback.detectors.files import detector_id

    points = made.known.calibration.points if made.known.calibration else ()
    entry = {
        "id": detector_id(made),
        "needs": made.needs,
        "points": [
            {
                "target": point.threshold.target,
                "threshold": point.threshold.value,
                "recall": _rate(asdict(point.recall)),
                "false_alarms": {
                    "value": point.threshold.expected,
                    "low": point.threshold.low,
                    "high": point.threshold.high,
                },
            }
            for point in points
        ],
        "failures": list(made.known.failures),
    }
    fits = {"model": made.fits.model, "tokenizer": made.fits.tokenizer}
    return {key: value for key, value in {**entry, **fits}.items() if value}


def _rate(rate: Mapping[str, Any]) -> dict[str, Any]:
    value = rate["k"] / rate["n"] if rate["n"] else None
    return {"events": rate["k"], "trials": rate["n"], "value": value,
            "low": rate["low"], "high": rate["high"], "confidence": rate["confidence"]}  # fmt: skip


def with_recipe(
    advisory: Mapping[str, Any],
    files: Mapping[str, bytes],
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    method: str = ANY,
    part: str = "reply",
    fit_pool: str = ANY,
    pool: str = ANY,
    seed: int = 0,
    gate: float = 0.75,
) -> tuple[Any, dict[str, bytes]]:
    """The same with a recipe: for the detector of this name where there is one, else one that stands alone.

    Args:
        rows: Labelled transcripts with families, as ``read_rows`` gives them; synthetic ones, or given with consent.

    Raises:
        CasebackError: too few families, or settings that no recipe has.
    """
    name = slug(name)
    parts = split_by_family(rows)
    where = {key: f"contrasts/{name}.{key}.jsonl" for key in ("fit", "dev")} | {"test": f"selftest/{name}.jsonl"}
    behaviour = str(advisory["behaviour"]["id"])
    made = Recipe(name, behaviour, method, part, fit_pool, pool, seed, **where, gate=gate)  # type: ignore[arg-type]
    added = {path: rows_text(parts[key]) for key, path in where.items()}
    added[f"recipes/{name}.json"] = recipe_data(made)
    listed = list(advisory.get("detectors", ()))
    extra = {"recipe": f"recipes/{name}.json", "selftest": where["test"]}
    mine = next((each for each in listed if each["name"] == name and each["needs"] == "activations"), None)
    if mine is None:
        return _with(advisory, {"name": name, "needs": "activations", **extra}), {**files, **_new(added, files)}
    changed = [{**each, **extra} if each is mine else each for each in listed]
    return {**advisory, "detectors": changed}, {**files, **_new(added, files)}


def labelled_rows(text: bytes, what: str) -> list[dict[str, Any]]:
    """Transcripts with label and family; further fields are dropped.

    Raises:
        CasebackError: a line lacks one of them.
    """
    import json

    from caseback.detectors.transcript import transcript_of

    rows = []
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            made = transcript_of(row)
        except (ValueError, RecursionError, CasebackError) as error:
            raise CasebackError(f"{what}, line {number}: {error}") from None
        if made.label is None or not made.family:
            raise CasebackError(f"{what}, line {number}: a contrast set needs label and family on every line")
        rows.append({"messages": [dict(m) for m in made.messages], "label": made.label, "family": made.family})
    return read_rows(rows_text(rows), what)


def with_evidence(
    advisory: Mapping[str, Any], files: Mapping[str, bytes], path: Path, withhold: bool
) -> tuple[Any, dict[str, bytes], dict[str, str]]:
    """The same with a file of evidence, or, withheld, with a digest that commits to it; and its salt by the digest.

    Raises:
        CasebackError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CasebackError(f"{path}: no evidence to read ({error.strerror})") from None
    if not withhold:
        return advisory, {**files, **_new({f"evidence/{slug(path.name)}": data}, files)}, {}
    digest, salt = committed(data)
    handling = advisory["handling"]
    withheld = [*handling.get("withheld", ()), {"what": path.name, "sha256": digest}]
    return {**advisory, "handling": {**handling, "withheld": withheld}}, dict(files), {digest: salt}


def gathered(advisory: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of the draft, the advisory among them; gaps that were filled meanwhile are no longer listed.

    Raises:
        CasebackError: it is larger than a bundle may be.
    """
    from caseback.disclosure.advisory.check import present

    there = set(present(advisory))
    gaps = [gap for gap in advisory["gaps"] if gap["field"] not in there]
    whole = {**files, ADVISORY: canonical({**advisory, "gaps": gaps})}
    check_sizes(whole)
    return whole


def _with(advisory: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**advisory, "detectors": [*advisory.get("detectors", ()), dict(entry)]}


def _new(added: Mapping[str, bytes], files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    for name in added:
        if name in files:
            raise CasebackError(f"two things in the bundle would be called {name}: rename one")
    return added
