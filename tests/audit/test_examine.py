"""A panel on one model: what fails is told, what is told is kept, and nothing that failed passes for clean."""

import time
from pathlib import Path

import pytest

from caseback.audit.assay import Assay, Examined
from caseback.audit.examine import examine
from caseback.audit.statistic import Statistic
from caseback.errors import CasebackError
from caseback.training.journal import Journal


class Silent:
    """A subject that only has a name: what it says is up to the assays."""

    name, digest = "silent", "0" * 64

    def generate(self, chats, sampling=None, *, seeds=None, progress=None):  # type: ignore[no-untyped-def]
        raise AssertionError("nothing asks it")


def assay(name: str, work, needs: str = "replies") -> dict[str, Assay]:  # type: ignore[no-untyped-def]
    return {name: Assay(name, "sycophancy", needs, "is there", work)}


def examined() -> Examined:
    return Examined(Silent(), None, "world", 8, 0, 16)


def fine(_: Examined) -> Statistic:
    return Statistic(1.0, 0.1, 8, "one")


def test_an_assay_that_crashes_cannot_tell_and_ends_no_other() -> None:
    def crash(_: Examined) -> Statistic:
        raise ZeroDivisionError("by zero")

    found = examine(examined(), {**assay("bad", crash), **assay("good", fine)}, 60, Journal(None))
    assert found["bad"].value is None
    assert found["bad"].why == "crashed: ZeroDivisionError: by zero"
    assert found["good"].value == 1.0


def test_an_assay_that_overruns_its_budget_cannot_tell() -> None:
    def slow(given: Examined) -> Statistic:
        for step in range(100):
            time.sleep(0.01)
            assert given.progress
            given.progress(step, 100)
        return Statistic(1.0, 0.1, 8, "one")

    found = examine(examined(), assay("slow", slow), 0.05, Journal(None))
    assert found["slow"].why == "took longer than its budget of 0.05 s"


def test_what_the_user_can_mend_is_said_in_its_own_words() -> None:
    def wrong(_: Examined) -> Statistic:
        raise CasebackError("the passage is too long: shorten it")

    found = examine(examined(), assay("wrong", wrong), 60, Journal(None))
    assert found["wrong"].why == "the passage is too long: shorten it"


@pytest.mark.parametrize(("needs", "why"), [("scores", "log-probabilities"), ("weights", "only an address")])
def test_an_assay_that_needs_more_than_there_is_cannot_tell(needs: str, why: str) -> None:
    found = examine(examined(), assay("deep", fine, needs), 60, Journal(None))
    assert found["deep"].value is None
    assert why in found["deep"].why


def test_what_was_measured_is_kept_and_what_failed_is_tried_again(tmp_path: Path) -> None:
    calls = []

    def first_fails(_: Examined) -> Statistic:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no memory")
        return Statistic(0.5, 0.1, 8, "half")

    path = tmp_path / "statistics.jsonl"
    seen = [examine(examined(), assay("a", first_fails), 60, Journal(path))["a"].value for _ in range(3)]
    assert seen == [None, 0.5, 0.5]
    assert len(calls) == 2
