"""Where the labels of a line chart stand."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.plot import APART, LETTER, Series, plot


def labelled(xs: list[float], places: int = 2) -> list[tuple[float, str]]:
    drawn = plot([Series("found", "after", [(x, f"{x:.{places}f}", 0.5, 0.4, 0.6) for x in xs])])
    return list(drawn["x"])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40, unique=True), st.integers(0, 9))
def test_no_label_is_written_over_another(xs: list[float], places: int) -> None:
    found = labelled(sorted(xs), places)
    assert found[0][1] == f"{min(xs):.{places}f}", "the first is always there"
    for (left, _), (right, label) in pairwise(found):
        assert right - left >= max(APART, LETTER * len(label))


def test_all_are_labelled_where_there_is_room() -> None:
    assert [label for _, label in labelled([0.0, 0.1, 0.2, 1.0])] == ["0.00", "0.10", "0.20", "1.00"]
