"""The time left is that of the whole run."""

import io

import pytest
from rich.console import Console

from caseback.loop import progress
from caseback.loop.progress import Reporter, clock, plain_lines


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


def test_where_there_is_no_terminal_a_line_comes_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    log, screen = (Console(file=io.StringIO(), force_terminal=terminal, width=30) for terminal in (False, True))
    for console in (log, screen):
        tick = plain_lines(console, "train [x]: supervised", lambda: "about 3:20 left in all")
        for second in range(0, 100, 7):
            now[0] += 7
            tick(second, 100)
    assert log.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "  train [x]: supervised: 28 of 100, 0:35, about 3:20 left in all",
        "  train [x]: supervised: 63 of 100, 1:10, about 3:20 left in all",
        "  train [x]: supervised: 98 of 100, 1:45, about 3:20 left in all",
    ]
    assert screen.file.getvalue() == ""  # type: ignore[attr-defined]


def test_a_stage_in_a_pipe_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAINLY", 0.0)
    log = io.StringIO()
    with Reporter(Console(file=log, width=80), {"a": 1.0}).stage("a") as tick:
        tick(1, 2)
    assert "a: 1 of 2, 0:00, about 0:00 left in all" in log.getvalue()
    assert log.getvalue().splitlines()[-1].startswith("✓ a")
