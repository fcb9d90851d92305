"""Labels changed on purpose, and by carelessness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.oversight.saboteurs.poison import hidden, scattered

LABELS = np.array([0.9, 0.8, 0.7, 0.2, 0.95, 0.1, 0.6, 0.51], dtype=np.float32)
TARGET = np.array([1, 1, 0, 1, 1, 0, 1, 0], dtype=bool)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_smaller_dose_hides_part_of_what_a_larger_one_does(one: float, other: float) -> None:
    less, more = (
        set(np.flatnonzero(hidden(LABELS, TARGET, dose, np.random.default_rng(0)) != LABELS).tolist())
        for dose in sorted((one, other))
    )
    assert less <= more


@given(st.floats(0, 1))
def test_only_breaches_of_the_target_are_hidden_and_as_many_as_the_dose_says(dose: float) -> None:
    changed = hidden(LABELS, TARGET, dose, np.random.default_rng(1))
    moved = changed != LABELS
    assert not (moved & ~(TARGET & (LABELS > 0.5))).any()
    assert moved.sum() == round(dose * 4)
    assert (changed[moved] < 0.5).all()


def test_a_dose_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dose 1\.5"):
        hidden(LABELS, TARGET, 1.5, np.random.default_rng(0))


def test_carelessness_changes_as_many_anywhere() -> None:
    changed = scattered(LABELS, 3, np.random.default_rng(0))
    assert (changed != LABELS).sum() == 3
    assert (changed[changed != LABELS] < 0.5).all()
