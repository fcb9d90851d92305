"""The time left is that of the whole run."""

import io

from rich.console import Console

from caseback.loop.progress import Reporter, clock


def test_time_left_follows_the_share_of_work_done() -> None:
    reporter = Reporter(Console(file=io.StringIO()), {"a": 1.0, "b": 3.0})
    reporter.done, reporter.spent = 1.0, 60.0
    assert reporter.left(0.0, 0.0) == "about 3:00 left in all"
    assert reporter.left(1.5, 90.0) == "about 1:30 left in all"


def test_too_early_to_tell_says_nothing() -> None:
    assert Reporter(Console(file=io.StringIO()), {"a": 100.0}).left(1.0, 5.0) == ""


def test_a_skipped_stage_counts_for_nothing() -> None:
    reporter = Reporter(Console(file=io.StringIO()), {"a": 1.0, "b": 1.0})
    reporter.skip("a")
    reporter.done, reporter.spent = 0.5, 10.0
    assert reporter.left(0.0, 0.0) == "about 0:10 left in all"


def test_clock() -> None:
    assert [clock(7), clock(200), clock(3723)] == ["0:07", "3:20", "1:02:03"]
