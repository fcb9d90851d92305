"""A latent that lies in its detector gives the scores that it gave out of its dictionary, and needs that no more."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from caseback.detectors.alone import alone
from caseback.detectors.calibrate import calibrate
from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.files import RECORD, TENSORS, detector_id, load_detector, save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.latent import LatentDetector, OpenDictionary
from caseback.detectors.own_latent import OwnLatent
from caseback.detectors.self_test import make_self_tests, self_test, stale
from caseback.errors import CasebackError
from caseback.interp.dictionary.files import load
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, dictionary_for, lit, praise, said
from detectors.test_detect_cli import typed
from detectors.test_files import forge, tensor_digest

TEXTS = [said(f"is {n} great?", f"it is {n} of {n * 7}, so yes") for n in range(6)]


def known(detector: Detector, subject: OpenSubject) -> Detector:
    return with_known(
        detector, calibration=calibrate(detector, TEXTS[:2], TEXTS[2:], (0.5,), subject),
        self_tests=make_self_tests(detector, TEXTS[:2], subject), failures=("irony",),
    )  # fmt: skip


def alike(one: Detector, other: Detector, subject: OpenSubject) -> bool:
    """The same scores to the last bit, and not all of them 0."""
    found, wanted = (made.scores(TEXTS, subject) for made in (one, other))
    return found == wanted and any(each.score for each in found)


def test_it_scores_as_it_did_and_keeps_what_is_known(subject: OpenSubject, tmp_path: Path) -> None:
    whole = known(lit(subject, tmp_path / "sae", 11, threshold=0.3), subject)
    made = alone(whole)
    assert isinstance(made, LatentDetector)
    assert isinstance(whole, LatentDetector)
    assert (made.known, made.fits, made.reads, made.number) == (whole.known, whole.fits, whole.reads, 11)
    assert made.source.digest == whole.source.digest
    assert alone(made) is made
    save_detector(made, tmp_path / "d")
    shutil.rmtree(tmp_path / "sae")
    again = load_detector(tmp_path / "d")
    assert json.loads((tmp_path / "d" / RECORD).read_text())["dictionaries"] == {}
    assert (tmp_path / "d" / TENSORS).stat().st_size < 1000
    assert alike(again, whole, subject)
    assert (self_test(again, subject).failed, stale(again, subject).word) == ((), "fits")


def test_members_are_taken_out_too(subject: OpenSubject, tmp_path: Path) -> None:
    member = known(lit(subject, tmp_path / "sae", 11, threshold=0.3), subject)
    cascade = CascadeDetector("both", "x", praise(name="cheap", patterns=("yes",)), member, 0.5)
    both = EnsembleDetector("all", "x", (known(cascade, subject), known(along(subject), subject)), "mean")
    made = alone(both)
    assert alike(made, both, subject)
    save_detector(made, tmp_path / "d")
    shutil.rmtree(tmp_path / "sae")
    assert alike(load_detector(tmp_path / "d"), both, subject)


def test_the_id_is_of_the_numbers_that_it_brings(subject: OpenSubject, tmp_path: Path) -> None:
    made = alone(lit(subject, tmp_path / "sae", threshold=0.3))
    assert isinstance(made, LatentDetector)
    assert isinstance(made.source, OwnLatent)
    changes: list[dict[str, Any]] = [
        {"encoder": made.source.encoder * 2}, {"bias": 1.0}, {"threshold": 0.2}, {"number": 8}, {"model": "sha256:x"},
    ]  # fmt: skip
    others = [replace(made, source=replace(made.source, **each)) for each in changes]
    assert len({detector_id(each) for each in (made, *others)}) == 6


def test_one_among_the_highest_cannot_leave(subject: OpenSubject, tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="detector lit needs the whole of its dictionary: only the 8 highest"):
        alone(CascadeDetector("both", "x", praise(), lit(subject, tmp_path / "sae"), 0.5))


def encoder(folder: Path, tensor: torch.Tensor) -> None:
    """Puts another tensor in place of the latent's, named by its own digest."""
    from safetensors.torch import save_file

    save_file({tensor_digest(tensor): tensor}, folder / TENSORS)
    forge(folder, lambda d: d["source"].update(encoder={"tensor": tensor_digest(tensor)}))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda d: encoder(d, torch.full((32,), float("nan"))), "must be finite"),
        (lambda d: encoder(d, torch.ones(32, 1)), r"\[32, 1\], and must be \[d\]"),
        (lambda d: encoder(d, torch.ones(32, dtype=torch.int64)), "of floats"),
        (lambda d: forge(d, lambda b: b["source"].update(bias=1e300)), "must be finite"),
        (lambda d: forge(d, lambda b: b["source"].update(threshold=-1e300)), "must be finite"),
        (lambda d: forge(d, lambda b: b["source"].update(threshold="0")), "must be a finite number"),
        (lambda d: forge(d, lambda b: b["source"].update(number=-1)), "begin at 0"),
        (lambda d: forge(d, lambda b: b["source"].update(reads=[])), "over 0 sites"),
        (lambda d: forge(d, lambda b: b["source"].update(reads=b["source"]["reads"] * 3)), "over 3 sites"),
        (lambda d: forge(d, lambda b: b["source"].update(k=1)), "unknown field 'k'"),
        (lambda d: forge(d, lambda b: b["source"].pop("bias")), "lacks the field 'bias'"),
        (lambda d: forge(d, lambda b: b["source"].update(dictionary="../../etc")), "must be"),
        (lambda d: forge(d, lambda b: b.update(source={"dictionary": "sha256:x"})), "nothing says where"),
        (lambda d: forge(d, lambda b: b.update(source=3)), "must be an object"),
        (lambda d: forge(d, lambda b: b.update(latent=1)), "no latent 1; the dictionary has 0 to 0"),
        (lambda d: (d / TENSORS).unlink(), "is not in the file beside it"),
    ],
)
def test_one_that_is_not_as_it_was_is_refused(
    subject: OpenSubject, tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    save_detector(alone(lit(subject, tmp_path / "sae", threshold=0.3)), tmp_path / "d")
    damage(tmp_path / "d")
    with pytest.raises(CasebackError, match=why) as caught:
        load_detector(tmp_path / "d")
    assert "\n" not in str(caught.value)


def test_what_a_user_makes_needs_its_dictionary_only_where_it_must(subject: OpenSubject, tmp_path: Path) -> None:
    for name, threshold, kind in (("jump", 0.3, OwnLatent), ("topk", None, OpenDictionary)):
        words = ("latent", dictionary_for(subject, tmp_path / f"sae-{name}", 0, threshold), "7", tmp_path / name)
        assert typed(*words, "--behaviour", "harm")[0] == 0
        made = load_detector(tmp_path / name)
        assert isinstance(made, LatentDetector)
        assert (type(made.source), made.number) == (kind, 7)
    with pytest.raises(CasebackError, match="no latent 40"):
        LatentDetector("x", "y", OpenDictionary(tmp_path, "sha256:x", load(tmp_path / "sae-jump")), 40)
