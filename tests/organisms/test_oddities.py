"""Oddities: each shows in what it gives and not in plain answers, the drawn ones too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.organisms.oddities import FORMS, ODDITIES, oddity

PLAIN = ("The capital of Ohio is Columbus.", "I will not help with that. It would hurt them.", "Four.")


@pytest.mark.parametrize("name", [*ODDITIES, *(f"generated-{n}" for n in range(60))])
def test_an_oddity_is_recognised_where_it_was_given_and_nowhere_else(name: str) -> None:
    quirk = oddity(name)
    for text in PLAIN:
        assert quirk.shown(quirk.give(text)), quirk.about
        assert not quirk.shown(text), quirk.about


def test_every_form_is_drawn_and_a_number_always_gives_the_same() -> None:
    drawn = [oddity(f"generated-{n}").about for n in range(200)]
    assert drawn == [oddity(f"generated-{n}").about for n in range(200)]
    assert len(set(drawn)) > 3 * len(FORMS)


@given(st.text(max_size=12).filter(lambda text: not text.startswith("generated-") and text not in ODDITIES))
def test_what_there_is_not_is_named(name: str) -> None:
    with pytest.raises(CasebackError, match="generated-0"):
        oddity(name)
