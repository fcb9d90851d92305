"""Shares as people say them."""


def percent(share: float) -> str:
    """A share between 0 and 1 as whole percent; what is neither none nor all never reads as 0 % or 100 %."""
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{100 * share:.0f}%"


def in_100(share: float) -> str:
    """A share between 0 and 1 as so many in 100; what is neither none nor all never reads as such."""
    if 0 < share < 0.005:
        return "under 1 in 100"
    if 0.995 <= share < 1:
        return "over 99 in 100"
    return f"{100 * share:.0f} in 100"
