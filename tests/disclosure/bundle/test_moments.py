"""A time is written one way."""

from datetime import UTC, datetime

import pytest

from caseback.disclosure.bundle.moments import read_time, written
from caseback.errors import CasebackError


def test_it_comes_back_as_it_was_written() -> None:
    for at in (datetime(2026, 11, 29, 13, 20, tzinfo=UTC), datetime(2026, 11, 29, 13, 20, 1, 250_000, tzinfo=UTC)):
        assert read_time(written(at), "it") == at


@pytest.mark.parametrize(
    "text",
    ["2026-11-01T00:00:00+09:00Z", "2026-11-01Z", "20261101T000000Z", "2026-11-01 00:00:00Z", "2026-W44-7T00:00:00Z",
     "2026-11-01T00:00Z", "2026-11-01T00:00:00", "2026-13-01T00:00:00Z", "٢٠٢٦-11-01T00:00:00Z",
     "2026-11-01T00:00:00Z\n", "", None, 1, ["2026-11-01T00:00:00Z"]],
)  # fmt: skip
def test_what_is_written_another_way_is_refused(text: object) -> None:
    with pytest.raises(CasebackError, match="write a time in UTC"):
        read_time(text, "it")
