"""Whether what an advisory says of its files is so, and each of them is what it should be. No detector is run here."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from caseback.detectors.regex import LONGEST
from caseback.disclosure.bundle.limits import DETECTOR, DETECTORS, PATTERNS, SELF_TEST_TEXT, SELF_TESTS
from caseback.disclosure.bundle.paths import NAME
from caseback.disclosure.bundle.recipe import SETS, read_rows, recipe_from
from caseback.disclosure.bundle.safetensors_check import check_tensors
from caseback.disclosure.bundle.strict_json import parse
from caseback.errors import CasebackError

REFERRING = ("file", "tensors", "recipe", "selftest")
LATENT = {"digest", "number", "reads", "encoder", "bias", "threshold", "model", "tokenizer"}
"""What a latent is made of."""


def check_contents(advisory: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """See that each file that the advisory names is there and sound, and that no other lies beside them.

    Raises:
        CasebackError: with the first that is not.
    """
    listed = advisory.get("detectors", ())
    if len(listed) > DETECTORS:
        raise CasebackError(f"{len(listed)} detectors; {DETECTORS} are allowed in a bundle")
    named = {path for each in listed for path in named_files(each, files)}
    for path in sorted(named - set(files)):
        raise CasebackError(f"{path} is named in the advisory, and is not in the bundle")
    for path in sorted(files):
        folder = path.partition("/")[0]
        if folder in ("detectors", "tensors", "recipes", "contrasts", "selftest") and path not in named:
            raise CasebackError(f"{path} is in the bundle, and no detector of the advisory names it")
    for each in listed:
        check_detector_files(each, files)


def named_files(listed: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """The files of one detector of an advisory, those that its recipe names among them."""
    for key in REFERRING:
        if key in listed:
            yield listed[key]
    if listed.get("recipe") in files:
        recipe = recipe_from(files[listed["recipe"]], listed["recipe"])
        yield from (getattr(recipe, part) for part in SETS)


def check_detector_files(listed: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """See that one detector's files are sound.

    Raises:
        CasebackError: with the first that is not.
    """
    if not NAME.fullmatch(listed["name"]):
        raise CasebackError(f"detector {listed['name'][:40]!r}: a name is small letters, digits, . _ and -")
    if "file" not in listed and "recipe" not in listed:
        raise CasebackError(f"detector {listed['name']} has neither a file nor a recipe")
    for path in named_files(listed, files):
        if path not in files:
            raise CasebackError(f"{path} is named by detector {listed['name']}, and is not in the bundle")
    shapes = check_tensors(files[listed["tensors"]], listed["tensors"]) if "tensors" in listed else {}
    if "file" in listed:
        _record(listed, files[listed["file"]], shapes)
    if "recipe" in listed:
        recipe = recipe_from(files[listed["recipe"]], listed["recipe"])
        for part in SETS:
            read_rows(files[getattr(recipe, part)], getattr(recipe, part))
    if "selftest" in listed:
        read_rows(files[listed["selftest"]], listed["selftest"])


def _record(listed: Mapping[str, Any], text: bytes, shapes: Mapping[str, tuple[int, ...]]) -> None:
    path = listed["file"]
    data = parse(text, path, DETECTOR)
    if not isinstance(data, dict) or not isinstance(data.get("detector"), dict):
        raise CasebackError(f"{path} is no detector of caseback")
    if data.get("dictionaries"):
        raise CasebackError(
            f"{path} reads a dictionary, which lies in another folder: no bundle leads out of itself. Draft it again "
            "with `caseback disclose new`, or publish its recipe"
        )
    if data.get("id") != listed.get("id"):
        raise CasebackError(f"{path} is another detector than the advisory says: its id differs")
    for each in _members(data["detector"]):
        if each.get("kind") == "latent":
            _latent(each, shapes, path)
    tests = list(_under(data["detector"], "self_tests"))
    if (count := sum(len(each) for each in tests if isinstance(each, list))) > SELF_TESTS:
        raise CasebackError(f"{path} brings {count} self-tests; {SELF_TESTS} are allowed")
    if (size := len(json.dumps(tests))) > SELF_TEST_TEXT:
        raise CasebackError(f"the self-tests of {path} have {size} bytes; {SELF_TEST_TEXT} are allowed")
    lists = [each for key in ("patterns", "steps") for each in _under(data["detector"], key)]
    patterns = [each for found in lists if isinstance(found, list) for each in found]
    if len(patterns) > PATTERNS:
        raise CasebackError(f"{path} has {len(patterns)} patterns or steps; {PATTERNS} are allowed")
    if long := [each for each in patterns if isinstance(each, str) and len(each) > LONGEST]:
        raise CasebackError(f"{path} has a pattern of {len(long[0])} characters; {LONGEST} are allowed")


def _members(detector: Any) -> Iterator[dict[str, Any]]:
    """A detector, and those that it is made of."""
    if isinstance(detector, dict):
        yield detector
        members = detector.get("members")
        for each in (detector.get("cheap"), detector.get("dear"), *(members if isinstance(members, list) else ())):
            yield from _members(each)


def _latent(detector: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], path: str) -> None:
    """See that a latent brings all that it is made of, and nothing else."""
    source = detector.get("source")
    if not isinstance(source, dict) or set(source) != LATENT:
        raise CasebackError(f"a latent in {path} must have in its source {', '.join(sorted(LATENT))}, and nothing else")
    if type(detector.get("latent")) is not int or detector["latent"] != 0:
        raise CasebackError(f"{path} names latent {detector.get('latent')!r:.20}; the one that it brings is 0")
    shape = shapes.get(str(source["encoder"].get("tensor"))) if isinstance(source["encoder"], dict) else None
    sites = len(source["reads"]) if isinstance(source["reads"], list) else 0
    if shape is None or not sites or len(shape) != 1 or shape[0] % sites:
        raise CasebackError(f"the encoder of a latent in {path} must be a tensor [d] over {sites} sites of one width")


def _under(value: Any, key: str) -> Iterator[Any]:
    """All that stands under a key, at any depth."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == key:
                yield each
            yield from _under(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _under(each, key)
