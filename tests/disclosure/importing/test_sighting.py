"""What is told back singles nobody out, is signed, and adds up to a picture."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.bundle.envelope import sealed, statement
from caseback.disclosure.importing.picture import picture
from caseback.disclosure.importing.sighting import PREDICATE, Counts, read_sighting, sighting, signed_sighting
from caseback.errors import CasebackError
from disclosure.bundle.making import KEY, KEYS, OTHER, START, advisory, negative

FROM = datetime(2026, 11, 2, 13, 45, 12, tzinfo=UTC)
TO = FROM + timedelta(days=9)
MANY = Counts(screened=10_000, flagged=120, audited=800, confirmed=24, users=400, flagged_users=50, confirmed_users=15)


def told(counts: Counts = MANY, **more: Any) -> dict[str, Any]:
    asked = {"advisory": "LAB-2026-0001", "behaviour": "sycophancy", "detector": "d", "route": "exact", "model": "m"}
    return sighting(**{**asked, "counts": counts, "begin": FROM, "end": TO, **more})


def test_counts_of_many_are_told_with_a_rate_and_days() -> None:
    said = told()
    assert said["rate"]["low"] < 24 / 800 < said["rate"]["high"]
    assert (said["from"], said["to"]) == ("2026-11-02T00:00:00Z", "2026-11-11T00:00:00Z")
    assert read_sighting(signed_sighting(said, KEY), KEYS, START) == (KEY.public.id, said)


@given(
    st.integers(0, 60), st.integers(0, 60), st.integers(2, 30),
    st.integers(0, 50), st.integers(0, 50), st.integers(0, 50),
)  # fmt: skip
def test_what_few_users_did_is_never_told(
    users: int, confirmed_users: int, least: int, confirmed: int, audited: int, flagged: int
) -> None:
    confirmed, flagged = (min(each, 200) if users else 0 for each in (confirmed, flagged))
    by_users = (max(min(1, n), min(confirmed_users, users, n)) for n in (flagged, confirmed))
    counts = Counts(200, flagged, confirmed + audited, confirmed, users, *by_users)
    if users < least:
        with pytest.raises(CasebackError, match=r"fewer than|cannot be"):
            told(counts, least=least)
        return
    said = told(counts, least=least)
    few = confirmed > 0 and counts.confirmed_users < least
    assert (said["confirmed"] is None) == (said["rate"] is None) == few
    assert (said["flagged"] is None) == (few or (flagged > 0 and counts.flagged_users < least))
    assert not {"users", "flagged_users", "confirmed_users"} & set(said)
    assert read_sighting(signed_sighting(said, KEY), KEYS, START)[1] == said


def test_counts_that_cannot_be_are_refused() -> None:
    for wrong in (
        Counts(1, 2, 0, 0, 1, 1, 0),
        Counts(9, 0, 10, 0, 9, 0, 0),
        Counts(9, 0, 3, 4, 9, 0, 4),
        Counts(9, 0, 0, 0, 10, 0, 0),
        Counts(9, 0, 1, 1, 9, 0, 5),  # one exchange is not of five users
        Counts(9, 1, 1, 1, 9, 0, 1),
        Counts(9, 0, 1, 1, 9, 0, 0),
        Counts(9, 0, 1, 0, 9, 0, -1),
    ):
        with pytest.raises(CasebackError):
            told(wrong, least=2)
    with pytest.raises(CasebackError, match="singled out"):
        told(least=1)


def test_a_stranger_and_a_forged_sighting_are_refused() -> None:
    with pytest.raises(CasebackError, match="not signed by a key that is known"):
        read_sighting(signed_sighting(told(), OTHER), KEYS, START)
    for change in (
        {"transcript": "hello"},
        {"confirmed": 900},
        {"screened": -1},
        {"users_at_least": 1},
        {"flagged": "x"},
        {"flagged": -1},
        {"flagged": 10_001},
        {"flagged": True},
        {"confirmed": -1},
        {"confirmed": None},
        {"behaviour": "what a user wrote to me" * 9},
        {"detector": ["d"]},
        {"detector": "what a user wrote"},
        {"route": "by hand"},
        {"model": None},
        {"withheld": "what a user wrote"},
        {"rate": None},
        {"rate": "often"},
        {"rate": {**told()["rate"], "high": 0.9}},
        {"rate": {**told()["rate"], "denominator": "what a user wrote"}},
        {"from": "2026-11-02T13:45:12Z"},
        {"advisory": ["LAB-2026-0001"]},
        {"from": "2027-01-01T00:00:00Z"},
        {"advisory": "../x"},
    ):
        forged = sealed(statement(PREDICATE, {"LAB-2026-0001": "0" * 64}, {**told(), **change}), [KEY])
        with pytest.raises(CasebackError):
            read_sighting(forged, KEYS, START)


def test_the_picture_adds_up_and_counts_nobody_twice() -> None:
    later = told(Counts(20_000, 300, 1_600, 50, 500, 40, 20), end=TO + timedelta(days=9))
    rows = [(KEY.public.id, told()), (KEY.public.id, later), (OTHER.public.id, told(model="another"))]
    made = picture([advisory(), negative()], rows)
    [mine] = made["behaviours"]
    assert mine["sightings"]["organisations"] == 2
    assert (mine["sightings"]["rate"]["events"], mine["sightings"]["rate"]["trials"]) == (74, 2_400)
    assert mine["since"] == "2026-10-30T00:00:00Z"
    assert set(mine["models_with_it"]) == {advisory()["affected"][0]["model"]["digest"], "m", "another"}
    assert mine["models_without"] == []  # the same model is said to have it, too
    assert mine["limits_of_detection"][0]["limit"]["value"] == 0.2


def test_bounds_of_the_picture_allow_for_what_is_withheld() -> None:
    hidden = told(Counts(100, 1, 50, 1, 40, 1, 1), model="third-model")
    made = picture([advisory()], [(KEY.public.id, told()), ("third", hidden)])
    alone = picture([advisory()], [(KEY.public.id, told())])
    [mine], [other] = made["behaviours"], alone["behaviours"]
    rate = mine["sightings"]["rate"]
    assert made["withheld_sightings"] == mine["sightings"]["withheld"] == 1
    assert mine["sightings"]["organisations"] == 2
    assert (rate["events"], rate["value"], rate["trials"]) == (None, None, 850)
    assert rate["high"] > 74 / 850 > other["sightings"]["rate"]["high"]
    assert rate["low"] < 25 / 850
    assert "third-model" in mine["models_with_it"]


def test_withdrawn_advisories_are_left_out() -> None:
    gone = advisory(withdrawn="2026-11-02T00:00:00Z", withdrawn_why="x")
    assert picture([gone], [])["behaviours"] == []
