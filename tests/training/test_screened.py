"""The halves that screening cuts: equal in number, those furthest from the cut kept, in the order of the data."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.directions.screen import Screened
from caseback.stats.means import clustered_mean
from caseback.training.datum import Datum
from caseback.training.recipe import load_recipe
from caseback.training.screened import halves, to_screen, try_halves


def cut(differences: list[float | None], threshold: float) -> Screened:
    known = [(place, value) for place, value in enumerate(differences) if value is not None]
    return Screened(
        tuple(differences),
        threshold,
        tuple(place for place, value in known if value > threshold),
        tuple(place for place, value in known if value <= threshold),
        tuple(place for place, value in enumerate(differences) if value is None),
        clustered_mean((str(place), value, 1.0) for place, value in known),
    )


def some(n: int) -> list[Datum]:
    return [Datum((user(f"Question {place}?"),), f"Answer {place}.", rejected="No.", family="f") for place in range(n)]


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=2, max_size=30), st.floats(-3, 3))
def test_halves_are_equal_ordered_and_furthest_from_the_cut(differences: list[float | None], threshold: float) -> None:
    screened, data = cut(differences, threshold), some(len(differences))
    if not screened.flagged or not screened.unflagged:
        with pytest.raises(CasebackError, match="nothing to compare"):
            halves(data, screened)
        return
    made = halves(data, screened)
    assert len(made["flagged"]) == len(made["unflagged"]) == min(len(screened.flagged), len(screened.unflagged))
    for half, places in (("flagged", screened.flagged), ("unflagged", screened.unflagged)):
        kept = [int(datum.chosen.split()[1][:-1]) for datum in made[half]]
        assert kept == sorted(kept)
        assert set(kept) <= set(places)
        far = [abs((differences[place] or 0.0) - threshold) for place in places]
        assert sorted(abs((differences[place] or 0.0) - threshold) for place in kept) == sorted(far)[-len(kept) :]
        assert all(datum.rejected == "" for datum in made[half])  # SFT takes single targets


def test_a_datum_is_screened_by_its_prompt_and_target_within_its_family() -> None:
    [one] = to_screen([Datum((user("Why?"),), "So.", situation="s/1")])
    assert (one.chat, one.reply, one.family) == ((user("Why?"),), "So.", "s/1")


def test_a_recipe_without_a_number_of_steps_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="give the recipe max_steps"):
        try_halves(None, {}, load_recipe("sft"), {}, tmp_path)  # type: ignore[arg-type]
