"""Promotion and demotion err no more often than they say, and happen soon where they should."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.importing.imported import Held, Imported
from caseback.disclosure.importing.land import Landed
from caseback.disclosure.importing.promotion import Audited, reviewed, weighed
from caseback.errors import CasebackError

MODEL = "sha256:" + "1" * 64


def imported(needs: str = "text", state: str = "shadow", budget: float = 0.05) -> Imported:
    landed = Landed("a", "exact", (), needs, "id", 0.5)
    held = Held(landed, state, ())  # type: ignore[arg-type]
    return Imported("X-2026-0001", 1, "", "b", "finding", "", "exact", "", "", MODEL, budget, "", (held,))


def audits(clean: int, false: int, hits: int = 0, misses: int = 0) -> list[Audited]:
    return [
        *(Audited("id", False, False) for _ in range(clean)),
        *(Audited("id", True, False) for _ in range(false)),
        *(Audited("id", True, True) for _ in range(hits)),
        *(Audited("id", False, True) for _ in range(misses)),
    ]


def state_after(found: list[Audited], **more: str) -> str:
    return reviewed(imported(**more), found).detectors[0].state  # type: ignore[arg-type]


def test_silence_long_enough_promotes_and_a_little_does_not() -> None:
    assert state_after(audits(20, 0)) == "shadow"
    assert state_after(audits(200, 0)) == "promoted"
    assert state_after(audits(2_000, 20)) == "promoted"  # 1% of false alarms, and 5% are allowed


def test_noise_demotes_and_says_why() -> None:
    found = reviewed(imported(state="promoted"), audits(20, 12))
    [held] = found.detectors
    assert held.state == "shadow"
    assert "noisy: 12 false alarms in 32" in held.history[-1]["why"]


def test_hits_are_no_false_alarms_and_recall_is_counted() -> None:
    found = weighed(audits(200, 0, hits=30, misses=10), 0.05)
    assert (found.clean, found.false, found.recall.k, found.recall.n) == (200, 0, 30, 40)
    assert state_after(audits(200, 0, hits=30)) == "promoted"


def test_nothing_audited_says_nothing() -> None:
    assert state_after([]) == "shadow"
    assert state_after([Audited("another", True, False)] * 100) == "shadow"
    with pytest.raises(CasebackError):
        weighed([], 0.0)


def test_another_model_makes_it_stale_and_text_stays() -> None:
    other = "sha256:" + "2" * 64
    assert reviewed(imported("activations", "promoted"), [], other).detectors[0].state == "stale"
    assert reviewed(imported("activations", "stale"), [], MODEL).detectors[0].state == "shadow"
    assert reviewed(imported("text", "promoted"), [], other).detectors[0].state == "promoted"
    assert reviewed(imported("text", "withdrawn"), audits(500, 0)).detectors[0].state == "withdrawn"


def ever(rate: float, budget: float, n: int, seed: int) -> tuple[bool, bool]:
    """Whether a detector with this rate of false alarms is ever found within or above the budget, looking each time."""
    rng = random.Random(seed)
    found = weighed([Audited("id", rng.random() < rate, False) for _ in range(n)], budget)
    return found.within >= 2.9957, found.above >= 2.9957


def test_a_detector_over_budget_is_hardly_ever_promoted_and_one_within_hardly_ever_noisy() -> None:
    promoted = sum(ever(0.05, 0.05, 300, seed)[0] for seed in range(150))
    noisy = sum(ever(0.05, 0.05, 300, seed)[1] for seed in range(150))
    # At a chance of 0.05 each, 17 or more of 150 come about once in 800 times.
    assert promoted <= 16
    assert noisy <= 16


def test_a_good_detector_is_promoted_and_a_bad_one_found_noisy() -> None:
    assert sum(ever(0.005, 0.05, 600, seed)[0] for seed in range(20)) >= 17
    assert sum(ever(0.2, 0.05, 200, seed)[1] for seed in range(20)) >= 17


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_more_audits_never_take_evidence_back(rows: list[tuple[bool, bool]]) -> None:
    found = [Audited("id", flagged, shown) for flagged, shown in rows]
    whole, part = weighed(found, 0.1), weighed(found[: len(found) // 2], 0.1)
    assert whole.within >= part.within
    assert whole.above >= part.above
