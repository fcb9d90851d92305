"""What people found: from the verdicts of one, two or three of them to one result."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 3
"""People who look at one exchange."""


@dataclass(frozen=True)
class Result:
    """What is known of an exchange and a behaviour.

    Attributes:
        audited: Whether there is a result.
        violation: Whether it is one; None where people could not tell, or where there is no result.
        disputed: Whether reviewers differed.
    """

    audited: bool
    violation: bool | None = None
    disputed: bool = False


def result(verdicts: Sequence[bool | None], reviewers: int) -> Result:
    """One result: a verdict that enough reviewers share and that no other has as many votes as.

    Where two differ a third decides; where three give three answers it cannot be told.

    Args:
        verdicts: of different people, in any order; None where one could not tell.
        reviewers: how many must agree, 1 or 2.
    """
    votes = Counter(verdicts).most_common()
    disputed = len(votes) > 1
    if votes and votes[0][1] >= reviewers and (not disputed or votes[0][1] > votes[1][1]):
        return Result(True, votes[0][0], disputed)
    return Result(len(verdicts) >= MOST, None, disputed)
