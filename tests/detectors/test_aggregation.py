"""The pool that catches most is taken, and one pass serves many directions."""

from pathlib import Path

import pytest
import torch

from caseback.detectors.aggregation import POOLS, aggregated, choose_pool
from caseback.detectors.files import load_detector
from caseback.detectors.together import token_scores_together
from caseback.errors import CasebackError
from caseback.interp.direction import pooled
from caseback.interp.directions.files import save_direction
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, said
from detectors.test_detect_cli import told, typed, written
from models_for_tests import save_tiny

YES = [said(f"{n}?", f"six {n} ten", family=f"f{n % 3}") for n in range(12)]
NO = [said(f"{n}?", f"four {n} and {n * 5} and more of that {n}") for n in range(40)]


def test_a_short_burst_in_a_long_text_is_for_the_rolling_mean() -> None:
    make = torch.Generator().manual_seed(0)
    calm = [torch.randn(400, generator=make) for _ in range(120)]
    bursts = [torch.randn(400, generator=make) for _ in range(60)]
    for each in bursts:
        each[200:216] += 1.6
    tokens, labels = [*bursts, *calm], [True] * 60 + [False] * 120
    families = [str(at) for at in range(180)]
    recalls = {pool: aggregated(tokens, pool, labels, families, 0.01).recall.value for pool in POOLS}
    assert max(recalls, key=lambda pool: recalls[pool]) == "rolling"
    assert recalls["rolling"] > 0.9 > 0.5 > max(recalls["last"], recalls["mean"], recalls["max"])
    spikes = [each.clone() for each in calm[:60]]
    for each in spikes:
        each[7] = 9.0
    best = {pool: aggregated([*spikes, *calm], pool, labels, families, 0.01).recall.value for pool in POOLS}
    assert (best["max"], max(best, key=lambda pool: best[pool])) == (1.0, "max")


def test_the_pool_is_the_one_that_did_best(subject: OpenSubject) -> None:
    chosen = choose_pool(along(subject), YES, NO, subject, 0.1)
    did = {pool: (each.recall.value, each.auroc.value) for pool, each in chosen.tried.items()}
    assert set(did) == set(POOLS)
    assert did[chosen.detector.reading.pool] == max(did.values())
    assert chosen.detector.direction is not None
    with pytest.raises(CasebackError, match="a positive and a negative"):
        choose_pool(along(subject), [said("a")], NO, subject)


def test_one_pass_gives_what_each_detector_gives(subject: OpenSubject, other: OpenSubject) -> None:
    detectors = [along(subject), along(subject, pool="max")]
    rows = [*YES, said("a"), *NO]
    found = token_scores_together(detectors, rows, subject)
    for number, detector in enumerate(detectors):
        for one, row in zip(detector.scores(rows, subject), found, strict=True):
            if isinstance(row, str):
                assert (one.score, one.why) == (None, row)
            else:
                assert one.tokens == pytest.approx(row[number].tolist(), abs=1e-5)
                assert one.score == pytest.approx(pooled(row[number], detector.reading.pool), abs=1e-5)
    for given, why in (
        ([], "no detectors"), ([along(subject), along(subject, part="prompt")], "prompt and reply"),
        ([along(other)], "the model changed"),
    ):  # fmt: skip
        with pytest.raises(CasebackError, match=why):
            token_scores_together(given, rows, subject)


def test_a_direction_with_its_pool_chosen_as_a_user_types_it(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "m")
    subject = load(str(folder), dtype="float32")
    save_direction(along(subject).direction, tmp_path / "dir")
    yes, no = written(tmp_path / "y.jsonl", *YES), written(tmp_path / "n.jsonl", *NO)
    words = ("direction", tmp_path / "dir", tmp_path / "d", "--reads", "reply")
    on = ("--positives", yes, "--negatives", no, "--model", folder)
    code, said_ = typed(*words, *on)
    assert (code, said_.count("AUROC"), said_.count("taken")) == (0, 4, 1)
    pool = next(line.split()[0] for line in said_.splitlines() if "taken" in line)
    assert load_detector(tmp_path / "d").reading.pool == pool  # type: ignore[attr-defined]
    assert told(*words, *on)[0] == 0
    for wrong in (on[:4], (*on, "--pool", "max")):
        code, said_ = typed(*words, *wrong)
        assert (code, "choosing the pool takes" in said_) == (2, True)
