"""Screening finds the data that would move the model, and not those that only look like it."""

from pathlib import Path

import pytest

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.screen import Datum, screen
from caseback.subject.site import Site
from interp.directions.subjects import direction_for, plant, tiny_subject

SITE = Site("resid_pre", 0)


def test_planted_replies_are_the_half_that_is_flagged(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path, seed=3)
    found = direction_for(subject, plant(subject, "zq", 6.0), SITE, reading=Reading("reply", "mean"))
    data = [
        Datum((user(f"Question {i}?"),), f"Answer {'zq zq' if i % 2 else 'so so'} {i}.", f"f{i % 4}") for i in range(16)
    ]
    own = ["Answer so so."] * 16
    screened = screen(found, subject, data, own=own)
    assert screened.flagged == tuple(range(1, 16, 2))
    assert screened.unflagged == tuple(range(0, 16, 2))
    assert screened.mean.value > 0.5
    differences = [d for d in screened.differences if d is not None]
    assert min(differences[1::2]) > max(differences[::2]) + 0.5
    assert screen(found, subject, data, own=own, threshold=1e9).flagged == ()
    # The same replies say nothing new to a model that gives them anyway.
    same = screen(found, subject, data, own=[datum.reply for datum in data])
    assert same.differences == pytest.approx([0.0] * 16, abs=1e-5)


def test_without_replies_given_the_model_makes_its_own(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path, seed=3)
    found = direction_for(subject, plant(subject, "zq", 6.0), SITE, reading=Reading("reply", "mean"))
    data = [Datum((user("One?"),), "zq zq zq"), Datum((user("Two?"),), "  "), Datum((user("Three?"),), "It is so.")]
    screened = screen(found, subject, data, max_new_tokens=8)
    assert screened.differences[1] is None
    assert screened.unable == (1,)
    assert sorted((*screened.flagged, *screened.unflagged)) == [0, 2]
    assert screened.differences == screen(found, subject, data, max_new_tokens=8).differences


def test_nothing_to_screen_is_said_in_one_line(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    found = direction_for(subject, plant(subject, "zq", 6.0), SITE)
    for data, own, why in (
        ([], None, "no data to screen"),
        ([Datum((user("a"),), "b")], ["x", "y"], "2 replies of the model for 1 data"),
        ([Datum((user("a"),), "")], ["x"], "no datum could be compared"),
    ):
        with pytest.raises(CasebackError, match=why):
            screen(found, subject, data, own=own)
