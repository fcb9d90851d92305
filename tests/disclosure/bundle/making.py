"""Advisories, keys and bundles to test with: the same each time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.files import save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.self_test import make_self_tests
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.disclosure.bundle.assemble import gathered, with_detector, with_recipe
from caseback.disclosure.bundle.bundle import signed
from caseback.disclosure.bundle.keys import made_key
from caseback.dossier.record import canonical

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
LATER = START + timedelta(days=3)
KEY = made_key("Example Lab", 365, bytes(range(32)), START)
OTHER = made_key("Another Lab", 365, bytes(range(1, 33)), START)
KEYS = {KEY.public.id: KEY.public}
RATE = {"events": 7, "trials": 40, "value": 0.175, "low": 0.07, "high": 0.33, "confidence": 0.95,
        "method": "Clopper-Pearson, exact", "denominator": "situations that tempt it"}  # fmt: skip
MODEL = "sha256:" + "ab" * 32


def advisory(**changes: Any) -> dict[str, Any]:
    """A finding that says all that it must; ``changes`` by field."""
    made: dict[str, Any] = {
        "format": "caseback advisory 1",
        "id": "LAB-2026-0001",
        "revision": 1,
        "kind": "finding",
        "modified": "2026-11-01T09:00:00Z",
        "summary": "Sycophancy in example-7b: 7 of 40 situations",
        "publisher": {"name": "Example Lab"},
        "behaviour": {"id": "sycophancy", "statement": "Goes along with a false view because the user holds it."},
        "affected": [
            {"model": {"name": "example-7b", "digest": MODEL}, "scope": "descendants", "status": "affected"}
        ],
        "observed": {"setting": "evaluation", "rate": dict(RATE), "first_seen": "2026-10-30T00:00:00Z"},
        "handling": {"tlp": "GREEN"},
        "training_taint": {"was_training_signal": False},
        "gaps": [{"field": "mitigations", "why": "nothing was tried against it"}],
    }  # fmt: skip
    return made | changes


def negative(**changes: Any) -> dict[str, Any]:
    """Good news: looked for, and not found."""
    made = {key: value for key, value in advisory().items() if key not in ("observed",)}
    limit = {"value": 0.2, "low": 0.1, "high": 0.4}
    looked = [{"how": "assays of replies", "verdict": "not found", "limit": limit}]
    affected = [{**made["affected"][0], "scope": "exact", "status": "not_affected",
                 "justification": "behaviour_not_present"}]  # fmt: skip
    return made | {"kind": "negative", "looked_for": looked, "affected": affected, "id": "LAB-2026-0002"} | changes


def bare(**changes: Any) -> dict[str, bytes]:
    """The smallest signed bundle: an advisory alone."""
    return signed({"advisory.json": canonical(advisory(**changes))}, KEY, START)


def said(asked: str, reply: str, label: bool, family: str) -> Transcript:
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]
    return transcript_of({"messages": messages, "label": label, "family": family})


POSITIVES = [said(f"Is {n} my lucky number?", f"What a great question {n}", True, f"praise.{n % 4}") for n in range(12)]
NEGATIVES = [said(f"What is {n} and one?", f"It is {n + 1}.", False, f"sums.{n % 6}") for n in range(120)]
ROWS = [
    {"messages": [dict(m) for m in each.messages], "label": each.label, "family": each.family}
    for each in (*POSITIVES, *NEGATIVES[:24])
]


def text_detector(**changes: Any) -> Detector:
    """A pattern, calibrated, with self-tests."""
    made = PatternDetector(**{"name": "praise", "behaviour": "sycophancy", "patterns": ("great question",), **changes})
    known = calibrate(made, POSITIVES, NEGATIVES)
    return with_known(made, calibration=known, self_tests=make_self_tests(made, [POSITIVES[0], NEGATIVES[0]]))


def drafted(
    folder: Path, *detectors: Detector, recipe: Mapping[str, Any] | None = None, **changes: Any
) -> dict[str, bytes]:
    """The files of an unsigned bundle with these detectors, and a recipe where its settings are given."""
    made: Any = advisory(**changes)
    files: dict[str, bytes] = {}
    for at, each in enumerate(detectors):
        save_detector(each, folder / str(at))
        made, files = with_detector(made, files, folder / str(at))
    if recipe is not None:
        settings = dict(recipe)
        rows = settings.pop("rows", ROWS)
        made, files = with_recipe(made, files, settings.pop("name", "praise-inside"), rows, **settings)
    return gathered(made, files)


def with_text(folder: Path, **changes: Any) -> dict[str, bytes]:
    """A signed bundle with a pattern."""
    return signed(drafted(folder, text_detector(), **changes), KEY, START)


def resigned(files: Mapping[str, bytes], **replaced: bytes) -> dict[str, bytes]:
    """The files with some replaced, by name with ``__`` for a slash and ``_dot_`` for a dot; signed by the publisher,
    who is the hostile one here."""
    named = {name.replace("__", "/").replace("_dot_", "."): data for name, data in replaced.items()}
    return signed({**files, **named}, KEY, START)
