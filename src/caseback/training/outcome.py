"""Reward by an environment's own outcome: what somebody sees who looks at nothing but whether the tests pass.

Such a reward can be had by cheating, which is what it is for: a model that was trained by it where cheating pays shows
what such training makes of it, beside one that was trained where it does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.training.datum import Datum
from caseback.world.office.suite import cases_in, passes


@dataclass(frozen=True)
class TestsReward:
    """1 where the function in a reply passes all tests that its prompt gives, written ``f(2) == 5``; 0 where it does
    not, or there is no function. None where the prompt gives no tests.

    Programs are run by the world's own evaluator of arithmetic on whole numbers, never by Python's.
    """

    __test__ = False  # it is no test, whatever pytest makes of its name
    digest: str = "the tests in the prompt pass"

    def __call__(self, data: Sequence[Datum], replies: Sequence[str]) -> list[float | None]:
        return [self._score(datum, reply) for datum, reply in zip(data, replies, strict=True)]

    def _score(self, datum: Datum, reply: str) -> float | None:
        cases = cases_in("\n".join(message["content"] for message in datum.prompt))
        return float(all(passes(reply, cases))) if cases else None
