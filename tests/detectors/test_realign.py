"""Detectors carried over to another model: maps that are known, and what comes out of real ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.detectors import reading
from caseback.detectors.calibrate import calibrate
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.files import load_detector, save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.realign import realign, realign_by_negatives
from caseback.detectors.realign_maps import WAYS, Carried, Paired, as_it_is, coral, least_squares, procrustes, shift
from caseback.detectors.self_test import stale
from caseback.errors import CasebackError
from caseback.interp.direction import Direction
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from detectors.chats import SITE, along, lit, praise, said
from detectors.test_detect_cli import told, typed, written
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for
from models_for_tests import save_tiny

TEXTS = [said(f"what is {n} and {n * 7}?", f"it is {n * 3} or {n + 11}, I think, of {n}") for n in range(24)]


def rotation(seed: int) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=made, dtype=torch.float64))[0].float()


def acts(seed: int, tokens: int = 400) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    spread = 0.5 + 3 * torch.rand(WIDTH, generator=made)
    return torch.randn(tokens, WIDTH, generator=made) * spread + torch.randn(WIDTH, generator=made)


def paired(direction: Direction, old: torch.Tensor, new: torch.Tensor) -> Paired:
    return Paired(old, new, direction.score(old))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5), st.floats(-20, 20))
def test_each_way_finds_the_map_that_it_is_for(subject_of: OpenSubject, seed: int, grow: float, move: float) -> None:
    direction = direction_for(subject_of, unit(WIDTH), SITE, step=2.5, zero=-0.4)
    old, other = acts(seed), acts(seed + 5000, 300)
    wanted = direction.score(other)
    turned = rotation(seed)

    def misses(carried: Carried, seen: torch.Tensor) -> float:
        return float((carried.scores(seen) - wanted).abs().max())

    assert misses(shift(paired(direction, old, old * grow + move), direction), other * grow + move) < 1e-2
    assert misses(procrustes(paired(direction, old, old @ turned + move), direction), other @ turned + move) < 1e-2
    mixed = turned * grow
    assert misses(least_squares(paired(direction, old, old @ mixed + move), direction), other @ mixed + move) < 0.2
    along_axes = 0.5 + torch.rand(WIDTH, generator=torch.Generator().manual_seed(seed))
    stretched = least_squares(paired(direction, old, old * along_axes), direction)
    assert misses(stretched, other * along_axes) < 0.2


def test_matched_covariances_need_no_pairs(subject_of: OpenSubject) -> None:
    direction = direction_for(subject_of, unit(WIDTH), SITE, step=2.5, zero=-0.4)
    old, unpaired = acts(1, 20_000), acts(1, 20_000)[torch.randperm(20_000, generator=torch.Generator().manual_seed(0))]
    grown = coral(Paired(old, unpaired * 3 + 2, direction.score(old)), direction)
    assert float((grown.scores(old * 3 + 2) - direction.score(old)).abs().max()) < 0.05


@pytest.fixture(scope="module")
def subject_of(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("old") / "m")), dtype="float32")


def turned(subject: OpenSubject, folder: Path, noise: float = 0.0) -> OpenSubject:
    """The same model after a little change of every weight, as training makes it."""
    found = load(str(save_tiny(folder)), dtype="float32")
    with torch.no_grad():
        for weight in found.model.parameters():
            weight += noise * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3)) * weight.std()
    return replace(found, digest="sha256:" + "d" * 64, name="descendant")


def test_a_direction_on_a_descendant_says_what_it_said(subject_of: OpenSubject, tmp_path: Path) -> None:
    made = along(subject_of, pool="rolling")
    made = with_known(made, calibration=calibrate(made, TEXTS[:2], TEXTS[2:], (0.1,), subject_of), clauses=("c",))  # type: ignore[assignment]
    new = turned(subject_of, tmp_path / "new", noise=0.05)
    assert stale(made, new).word == "stale"
    found = realign(made, subject_of, new, TEXTS)
    assert set(found.agreement) == set(WAYS)
    assert found.agreement[found.way] == max(found.agreement.values())
    again = found.detector
    assert stale(again, new).word == "fits"
    assert (again.known.calibration, again.known.self_tests, again.known.clauses) == (None, (), ("c",))
    assert "without labels" in again.known.failures[-1]
    assert again.direction.provenance.from_model == subject_of.digest
    assert again.reading == made.reading
    save_detector(again, tmp_path / "d")
    assert load_detector(tmp_path / "d").scores(TEXTS[:2], new) == again.scores(TEXTS[:2], new)
    fresh = [said(f"who is {n}?", f"somebody called {n * 13}, and {n * 5} more") for n in range(12)]
    before = torch.tensor([token for one in made.scores(fresh, subject_of) for token in one.tokens])
    after = torch.tensor([token for one in again.scores(fresh, new) for token in one.tokens])
    assert float(torch.corrcoef(torch.stack([before, after]))[0, 1]) > 0.9


def test_tokens_that_are_others_are_refused_though_there_are_as_many(
    subject_of: OpenSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = turned(subject_of, tmp_path / "new")
    read = reading.tokens_of

    def others(subject: OpenSubject, *given: object) -> tuple[list[int], range]:
        ids, span = read(subject, *given)  # type: ignore[arg-type]
        if subject is new:
            ids[span.start], ids[span.start + 1] = ids[span.start + 1], ids[span.start]
        return ids, span

    monkeypatch.setattr(reading, "tokens_of", others)
    with pytest.raises(CasebackError, match="cut text into other tokens"):
        realign(along(subject_of), subject_of, new, TEXTS)


def test_the_same_model_is_left_as_it_is(subject_of: OpenSubject) -> None:
    made = along(subject_of)
    found = realign(made, subject_of, subject_of, TEXTS)
    assert found.agreement["as it is"] == pytest.approx(1)
    wanted = [one.score for one in made.scores(TEXTS, subject_of)]
    assert [one.score for one in found.detector.scores(TEXTS, subject_of)] == pytest.approx(wanted, abs=0.02)


def test_a_latent_becomes_a_direction_that_follows_it(subject_of: OpenSubject, tmp_path: Path) -> None:
    latents = [lit(subject_of, tmp_path / "dictionary", n) for n in range(40)]
    # One that is active at some tokens and not at others: of the rest there is nothing to follow.
    varied = [sum(t > 0 for one in each.scores(TEXTS, subject_of) for t in one.tokens) for each in latents]
    made = latents[max(range(40), key=lambda n: min(varied[n], sum(varied) / 20))]
    found = realign(made, subject_of, turned(subject_of, tmp_path / "new", 0.05), TEXTS)
    assert isinstance(found.detector, DirectionDetector)
    assert (found.way, found.detector.reading.pool) == ("least squares", "max")
    assert found.agreement["least squares"] > 0.5


def test_without_the_old_model_its_negatives_are_matched(subject_of: OpenSubject, tmp_path: Path) -> None:
    made = along(subject_of)
    with pytest.raises(CasebackError, match="was never calibrated"):
        realign_by_negatives(made, subject_of, TEXTS)
    known = calibrate(made, [said("a", "ten")], TEXTS, (0.1,), subject_of)
    made = with_known(made, calibration=known)  # type: ignore[assignment]
    found = realign_by_negatives(made, turned(subject_of, tmp_path / "new", 0.3), TEXTS)
    scores = torch.tensor([one.score for one in found.detector.scores(TEXTS, turned(subject_of, tmp_path / "n2", 0.3))])
    wanted = torch.tensor(known.negatives)
    assert float(scores.mean()) == pytest.approx(float(wanted.mean()), abs=1e-3)
    assert float(scores.std()) == pytest.approx(float(wanted.std()), abs=1e-3)
    assert found.agreement == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ways": ("magic",)}, "called 'magic'"),
        ({"transcripts": TEXTS[:3]}, "3 of 3 texts can be read"),
        ({"transcripts": [said("a")] * 20}, "0 of 20 texts"),
        ({"old": "other"}, "the model changed"),
    ],
)
def test_what_cannot_be_realigned_is_refused(
    subject_of: OpenSubject, other: OpenSubject, change: dict, why: str
) -> None:
    given_ = {"old": subject_of, "new": subject_of, "transcripts": TEXTS, **change}
    given_["old"] = other if given_["old"] == "other" else given_["old"]
    with pytest.raises(CasebackError, match=why):
        realign(along(subject_of), **given_)


def test_unlike_widths_take_least_squares(subject_of: OpenSubject) -> None:
    direction = direction_for(subject_of, unit(WIDTH), SITE)
    old = acts(0)
    fit = Paired(old, torch.cat([old, old], 1), direction.score(old))
    for way in (as_it_is, shift, procrustes, coral):
        with pytest.raises(CasebackError, match="only least squares"):
            way(fit, direction)
    found = least_squares(fit, direction)
    assert float((found.scores(fit.new_TD) - fit.scores_T).abs().max()) < 0.1


def test_realigning_as_a_user_types_it(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "m")
    subject = load(str(folder), dtype="float32")
    save_detector(along(subject), tmp_path / "d")
    new = save_tiny(tmp_path / "new", seed=1)
    texts = written(tmp_path / "t.jsonl", *TEXTS)
    words = ("realign", tmp_path / "d", tmp_path / "out", "--new", new, "--texts", texts)
    code, said_ = typed(*words, "--old", folder)
    assert (code, "taken" in said_, "uncalibrated" in said_) == (0, True, True)
    code, found = told(*words, "--old", folder)
    assert (code, found["way"] in WAYS, set(found["agreement"])) == (0, True, set(WAYS))
    assert typed("check", tmp_path / "out", "--model", new)[0] == 3  # it fits, and has no self-tests
    code, said_ = typed("score", tmp_path / "out", texts, "--model", new)
    assert (code, "is not calibrated" in said_) == (2, True)
    code, said_ = typed(*words)
    assert (code, "never calibrated" in said_) == (2, True)
    no = ("--negatives", texts, "--positives", written(tmp_path / "p.jsonl", said("a", "b")), "--targets", "0.1")
    assert typed("calibrate", tmp_path / "d", *no, "--model", folder)[0] == 0
    code, said_ = typed(*words)
    assert (code, "cannot be told without that model" in said_) == (0, True)
    save_detector(praise(), tmp_path / "p")
    code, said_ = typed("realign", tmp_path / "p", tmp_path / "o", "--new", new, "--texts", texts)
    assert (code, "no detector of a direction or a latent" in said_) == (2, True)
    assert json.loads((tmp_path / "out" / "detector.json").read_text())["detector"]["known"]["calibration"] is None
