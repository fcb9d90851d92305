"""NAME=VALUE on the command line: taken apart, or told what lacks."""

import pytest

from caseback.cli.by_name import by_name
from caseback.cli.oversee_rungs import rungs_given
from caseback.errors import CasebackError


def test_values_come_by_name_and_may_hold_an_equals_sign() -> None:
    assert by_name(["a=x", "b=y=z"], "--kin", "ANCESTOR") == {"a": "x", "b": "y=z"}
    assert by_name([], "--kin", "ANCESTOR", ["a"]) == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["a"], "--kin a: give NAME=ANCESTOR"),
        (["=x"], "--kin =x: give NAME=ANCESTOR"),
        (["a="], "--kin a=: give NAME=ANCESTOR"),
        (["c=x"], "--kin c=x: there is no 'c' here, only a, b"),
        (["a=x", "a=y"], "--kin a=y: 'a' is given twice"),
    ],
)
def test_what_is_no_name_and_value_is_told(given: list[str], says: str) -> None:
    with pytest.raises(CasebackError) as error:
        by_name(given, "--kin", "ANCESTOR", ["a", "b"])
    assert str(error.value) == says


def test_a_compute_that_is_no_number_is_told() -> None:
    with pytest.raises(CasebackError, match="--flops a=much: 'much' is no number; give it as a=2e15"):
        rungs_given(["a=/nowhere", "b=/nowhere"], ["a=much"])
