"""A direction scores, steers, caps and is taken out as its norm convention says; it loads only where it belongs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, pooled
from caseback.interp.directions.examples import Example, token_scores
from caseback.interp.directions.files import carried_over, load_direction, save_direction
from caseback.interp.directions.steer import capped, held, random_like, removed, steered
from caseback.stats.threshold import set_threshold
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import EVERYWHERE
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject

SITE = Site("resid_post", 1)
CHAT = [Example((user("What is the capital of Ohio?"),), True, "a"), Example((user("ten"),), False, "b")]


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("subject"))


@pytest.fixture(scope="module")
def found(subject: OpenSubject) -> Direction:
    made = direction_for(subject, unit(WIDTH), SITE, step=2.5, zero=-0.4, notes={"clause": "safe.harm"})
    return replace(made, calibration=(set_threshold([0.1, 0.3, 0.2], ["a", "b", "a"], 0.05),))


def all_scores(found: Direction, subject: OpenSubject) -> torch.Tensor:
    return torch.cat(token_scores(found, subject, CHAT, "prompt"))


def test_a_score_counts_in_distances_of_the_classes(found: Direction) -> None:
    at = found.zero * found.vector
    assert found.score(torch.stack([at, at + 2.5 * found.vector, at - 5 * found.vector])).tolist() == pytest.approx(
        [0, 1, -2], abs=1e-5
    )


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_pools_are_what_they_are_called(values: list[float]) -> None:
    scores = torch.tensor(values, dtype=torch.float64)
    assert pooled(scores, "last") == values[-1]
    assert pooled(scores, "max") == max(values)
    assert pooled(scores, "mean") == pytest.approx(sum(values) / len(values), abs=1e-9)
    width = min(16, len(values))
    windows = [sum(values[i : i + width]) / width for i in range(len(values) - width + 1)]
    assert pooled(scores, "rolling") == pytest.approx(max(windows), abs=1e-9)


def test_a_short_burst_drowns_in_the_mean_of_a_long_text_and_not_in_the_rolling_one() -> None:
    burst, long = torch.ones(16), torch.zeros(1_000)
    assert pooled(torch.cat([long, burst, long]), "rolling") == 1
    assert pooled(torch.cat([long, burst, long]), "mean") < 0.01
    with pytest.raises(CasebackError, match="no tokens to pool"):
        pooled(torch.zeros(0), "mean")


def test_a_dose_moves_every_score_by_itself(found: Direction, subject: OpenSubject) -> None:
    before = all_scores(found, subject)
    with intervene(subject.model, [steered(found, 1.5, EVERYWHERE)]) as receipt:
        after = all_scores(found, subject)
    assert torch.allclose(after, before + 1.5, atol=1e-4)
    assert receipt[0].moved == pytest.approx(1.5 * found.step, rel=1e-4)


def test_capping_holding_and_removing(found: Direction, subject: OpenSubject) -> None:
    before = all_scores(found, subject)
    limit = float(before.median())
    with intervene(subject.model, [capped(found, limit)]):
        assert torch.allclose(all_scores(found, subject), before.clamp_max(limit), atol=1e-4)
    with intervene(subject.model, [held(found, 0.7)]):
        assert torch.allclose(all_scores(found, subject), torch.tensor(0.7), atol=1e-4)
    with intervene(subject.model, [removed(found)]):
        assert torch.allclose(all_scores(found, subject), torch.tensor(-found.zero / found.step), atol=1e-4)


def test_the_control_is_as_long_at_right_angles_and_drawn_from_its_seed(found: Direction, subject: OpenSubject) -> None:
    control = random_like(found, 3)
    assert float(control.vector @ found.vector) == pytest.approx(0, abs=1e-6)
    assert (control.step, control.site) == (found.step, found.site)
    assert torch.equal(control.vector, random_like(found, 3).vector)
    assert abs(float(control.vector @ random_like(found, 4).vector)) < 0.7
    before = all_scores(found, subject)
    with intervene(subject.model, [steered(control, 4.0, EVERYWHERE)]) as receipt:
        assert torch.allclose(all_scores(found, subject), before, atol=1e-4)
    assert receipt[0].moved == pytest.approx(4.0 * found.step, rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vector": torch.ones(WIDTH)}, "must have 1"),
        ({"vector": torch.full((WIDTH,), float("nan"))}, "finite"),
        ({"vector": torch.ones(1, WIDTH)}, r"\[d\]"),
        ({"step": 0.0}, "above 0"),
        ({"step": float("nan")}, "above 0"),
    ],
)
def test_what_is_no_direction_is_refused(found: Direction, changes: dict[str, object], why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        replace(found, **changes)  # type: ignore[arg-type]


def test_it_comes_back_from_disk_as_it_was(found: Direction, subject: OpenSubject, tmp_path: Path) -> None:
    save_direction(found, tmp_path / "d")
    again = load_direction(tmp_path / "d", subject)
    assert torch.equal(again.vector, found.vector)
    for name in ("name", "about", "site", "step", "zero", "reading", "provenance", "calibration", "model", "notes"):
        assert getattr(again, name) == getattr(found, name)
    assert again.threshold(0.05).value == 0.3
    with pytest.raises(CasebackError, match=r"no threshold for 0\.2.*it has: 0\.05"):
        again.threshold(0.2)
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["direction.json", "direction.safetensors"]


def test_it_loads_for_no_other_model_unless_it_is_carried_over(
    found: Direction, subject: OpenSubject, tmp_path: Path
) -> None:
    save_direction(found, tmp_path / "d")
    other = tiny_subject(tmp_path, seed=1)
    with pytest.raises(CasebackError, match="belongs to the model") as caught:
        load_direction(tmp_path / "d", other)
    assert "\n" not in str(caught.value)
    moved = carried_over(tmp_path / "d", other)
    assert moved.model == other.digest
    assert moved.provenance.from_model == subject.digest
    assert moved.calibration == ()  # its thresholds held for the other model
    other.tokenizer.chat_template = "{{ messages }}"
    with pytest.raises(CasebackError, match="another tokenizer or chat template"):
        carried_over(tmp_path / "d", other)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda d: (d / "direction.safetensors").write_bytes(b"short"), "truncated or not the one"),
        (lambda d: (d / "direction.json").write_text('{"kind": "caseback'), "is damaged"),
        (lambda d: (d / "direction.json").write_text("[]"), "is damaged"),
        (lambda d: (d / "direction.json").write_text('{"kind": "cat", "version": 1}'), "not a direction of version"),
        (lambda d: (d / "direction.json").unlink(), "no direction in"),
        (lambda d: (d / "direction.safetensors").unlink(), "no direction in"),
        (lambda d: _edit(d, step=-1), "above 0"),
        (lambda d: _edit(d, reading={"part": "prompt"}), "is damaged"),
    ],
)
def test_damaged_files_are_named_in_one_line(
    found: Direction, subject: OpenSubject, tmp_path: Path, damage: object, why: str
) -> None:
    save_direction(found, tmp_path / "d")
    damage(tmp_path / "d")  # type: ignore[operator]
    with pytest.raises(CasebackError, match=why) as caught:
        load_direction(tmp_path / "d", subject)
    assert "\n" not in str(caught.value)


def _edit(folder: Path, **changes: object) -> None:
    record = json.loads((folder / "direction.json").read_text())
    (folder / "direction.json").write_text(json.dumps({**record, **changes}))


def test_a_full_disk_is_one_line_and_leaves_no_half_direction(
    found: Direction, subject: OpenSubject, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    with pytest.raises(CasebackError, match="No space left on device"):
        save_direction(found, small_disk / "d")
    with pytest.raises(CasebackError, match="no direction in"):
        load_direction(small_disk / "d", subject)
    ballast.unlink()
    save_direction(found, small_disk / "d")
    assert torch.equal(load_direction(small_disk / "d", subject).vector, found.vector)
