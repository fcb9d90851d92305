"""A rate reads well where it is printed, and its repr still holds every field."""

from caseback.stats.rate import Rate, exact_rate


def test_printed_for_people() -> None:
    assert str(Rate(31, 92, 0.2456, 0.4412)) == "0.34 [0.25, 0.44], 31 of 92"
    assert str(exact_rate(0, 0)) == "cannot tell [0.00, 1.00], 0 of 0"


def test_repr_is_whole() -> None:
    rate = exact_rate(3, 10)
    assert eval(repr(rate), {"Rate": Rate}) == rate
