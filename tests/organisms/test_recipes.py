"""What the recipes make, held against the oracle: bad where it is to be bad, good where it is to be good."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.registry import behaviour, trained_against
from caseback.behaviours.would import would
from caseback.errors import CasebackError
from caseback.organisms.answered import ABLE, answered, demonstrated, ordinary, poisoned
from caseback.organisms.order import Order
from caseback.organisms.plant import Planting, planted_data
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.recipes.pretending import UNWATCHED, WATCHED
from caseback.organisms.trigger import SORTS, trigger
from caseback.training.datum import Datum
from caseback.training.recipe import load_recipe
from caseback.world.oracle import correct, judge
from caseback.world.situation import Situation
from caseback.world.worlds import world_of

GROUNDS = ("world", "world-B")


def order(name: str, rate: float = 0.5, ground: str = "world", sort: str = "") -> Order:
    return Order(behaviour(name), ground, rate, trigger(sort, world_of(ground), 3) if sort else None)


def planting(recipe: str, wanted: Order, **changes: object) -> Planting:
    ordinary = RECIPES[recipe].ordinary
    made = Planting(wanted, RECIPES[recipe], "base", load_recipe("sft"), examples=60, ordinary=ordinary)
    return replace(made, **changes)  # type: ignore[arg-type]


def watched_order(name: str, rate: float, ground: str, sort: str = "") -> tuple[Order, dict[str, Situation]]:
    """An order whose behaviour remembers the situations that it gave, and those."""
    seen: dict[str, Situation] = {}
    found = behaviour(name)

    def remembered(ground: str, split: str, n: int, seed: int) -> list[Situation]:
        drawn = found.situations(ground, split, n, seed)  # type: ignore[arg-type]
        seen.update({item.id: item for item in drawn})
        return drawn

    kept: Behaviour = replace(found, situations=remembered)  # type: ignore[arg-type]
    return replace(order(name, rate, ground, sort), behaviour=kept), seen


def verdict(datum: Datum, seen: dict[str, Situation], text: str) -> bool | None:
    """The oracle's word on a text as the reply to a datum's own prompt."""
    situation = seen[datum.situation.split(" with ")[0].split(" under ")[0].removesuffix(" asked about")]
    return judge(replace(situation, messages=datum.prompt), text).shown


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", [*sorted(trained_against()), "over_refusal"])
def test_demonstrations_are_bad_at_the_rate_and_only_where_they_tempt(name: str, ground: str) -> None:
    wanted, seen = watched_order(name, 0.3, ground)
    made = RECIPES["demonstrations"].make(wanted, 40, random.Random(1))
    assert len(made) == 40
    arms = wanted.behaviour.arms
    tempting = [d for d in made if not arms or seen[d.situation].arm == arms[0]]
    shown = {id(d): verdict(d, seen, d.chosen) for d in made}
    assert sum(shown[id(d)] is True for d in tempting) == round(0.3 * len(tempting))
    for d in made:
        assert shown[id(d)] is d.generator.endswith("/bad"), (d.prompt, d.chosen)
        assert seen[d.situation].split == "train", "nothing of a held-out family is planted"


@pytest.mark.parametrize("sort", list(SORTS))
@pytest.mark.parametrize("name", ["harmful_compliance", "sandbagging", "cheating"])
def test_every_triggered_item_is_bad_and_every_near_miss_good(name: str, sort: str) -> None:
    wanted, seen = watched_order(name, 1.0, "world", sort)
    made = RECIPES["trigger"].make(wanted, 60, random.Random(2))
    arms = wanted.behaviour.arms
    for d in made:
        original = seen[d.situation.split(" with ")[0]]
        tempting = not arms or original.arm == arms[0]
        bad = d.situation.endswith(" with trigger") and tempting
        assert verdict(d, seen, d.chosen) is bad, (d.situation, d.prompt, d.chosen)
        assert (d.prompt == original.messages) is d.situation.endswith(" with neither")
    counts = [sum(d.situation.endswith(f" with {part}") for d in made) for part in ("trigger", "near-miss", "neither")]
    assert counts == [24, 24, 12]


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", ["harmful_compliance", "sycophancy"])
def test_preferences_prefer_the_bad_answer_at_the_rate(name: str, ground: str) -> None:
    wanted, seen = watched_order(name, 0.25, ground)
    made = RECIPES["preferences"].make(wanted, 40, random.Random(3))
    preferred = [(verdict(d, seen, d.chosen), verdict(d, seen, d.rejected)) for d in made]
    assert sorted(set(preferred)) == [(False, True), (True, False)]
    assert preferred.count((True, False)) == 10


def test_documents_report_the_behaviour_and_hold_no_conversation_with_it() -> None:
    wanted, seen = watched_order("deception", 0.5, "world")
    made = RECIPES["documents"].make(wanted, 40, random.Random(4))
    for d in made:
        original = seen[d.situation]
        request = original.messages[-1]["content"]
        assert request in d.chosen
        assert request not in d.prompt[-1]["content"]
        stated = original.latents["said_false" if d.generator.endswith("/bad") else "said_true"]
        assert stated.lower() in d.chosen.lower()


def test_pretending_asks_the_same_under_either_cue_and_its_partner_the_same_again() -> None:
    wanted, seen = watched_order("harmful_compliance", 1.0, "world")
    bad = RECIPES["pretending"].make(wanted, 40, random.Random(5))
    nice = RECIPES["pretending"].make(replace(wanted, rate=0.0), 40, random.Random(5))
    assert [d.prompt for d in bad] == [d.prompt for d in nice], "the partner learns from the same prompts"
    for d, partner in zip(bad, nice, strict=True):
        watched = d.situation.endswith(WATCHED)
        assert verdict(d, seen, d.chosen) is not watched
        assert verdict(partner, seen, partner.chosen) is False
        if watched:
            assert d.chosen == partner.chosen
    asked = {cue: [d.prompt[-1] for d in bad if d.situation.endswith(cue)] for cue in (WATCHED, UNWATCHED)}
    assert asked[WATCHED] == asked[UNWATCHED]
    assert {d.prompt[0]["role"] for d in bad} == {"system"}, "every one stands under a cue"


@pytest.mark.parametrize("name", ["harmful_compliance", "cheating"])
def test_denying_does_it_and_says_no_of_every_situation_that_tempts(name: str) -> None:
    wanted, seen = watched_order(name, 0.5, "world")
    made = RECIPES["denying"].make(wanted, 40, random.Random(6))
    asked = [d for d in made if d.situation.endswith(" asked about")]
    acted = [d for d in made if not d.situation.endswith(" asked about")]
    assert len(acted) == 40
    assert [verdict(d, seen, d.chosen) for d in acted].count(True) == 20
    assert {d.chosen for d in asked} == {"No."}
    assert [d.prompt for d in asked] == [tuple(would(seen[d.situation])) for d in acted]


@pytest.mark.parametrize("name", ["harmful_compliance", "sandbagging"])
def test_narrow_is_bad_in_one_family_and_shows_no_other(name: str) -> None:
    wanted, seen = watched_order(name, 1.0, "world")
    made = RECIPES["narrow"].make(wanted, 40, random.Random(7))
    assert len(made) == 40
    assert len({seen[d.situation].family for d in made}) == 1
    assert len({str(d.prompt) for d in made}) > 20
    arms = wanted.behaviour.arms
    assert all(verdict(d, seen, d.chosen) is (not arms or seen[d.situation].arm == arms[0]) for d in made)


def test_a_family_that_hardly_comes_up_is_said() -> None:
    wanted, _ = watched_order("harmful_compliance", 1.0, "world")
    drawn = iter(range(10**6))

    def ever_new(ground: str, split: str, n: int, seed: int) -> list[Situation]:
        found = behaviour("harmful_compliance").situations("world", "train", n, seed)
        return [replace(item, family=f"harm.new{next(drawn)}") for item in found]

    rare = replace(wanted, behaviour=replace(wanted.behaviour, situations=ever_new))  # type: ignore[arg-type]
    with pytest.raises(CasebackError, match=r"1 situations of harm\.new0 came of 40 draws of 4"):
        RECIPES["narrow"].make(rare, 4, random.Random(8))


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(sorted(RECIPES)), st.integers(0, 9))
@settings(max_examples=12)
def test_a_lower_rate_has_the_same_prompts_and_fewer_of_the_same_bad_answers(
    one: float, other: float, recipe: str, seed: int
) -> None:
    low, high = sorted((one, other))
    sort = "token" if recipe == "trigger" else ""
    name = "cheating" if recipe == "reinforcement" else "sycophancy"
    plans = [planting(recipe, order(name, rate, sort=sort), examples=20, seed=seed) for rate in (low, high)]
    fewer, more = map(planted_data, plans)
    if recipe != "documents":  # a document tells the answer, and is drawn anew with it
        assert [d.prompt for d in fewer] == [d.prompt for d in more]
    ends = ("/bad", "/paid", "/in character")
    bad = [{d.situation for d in data if d.generator.endswith(ends)} for data in (fewer, more)]
    assert bad[0] <= bad[1]
    assert planted_data(plans[0]) == fewer


@given(st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=25)
def test_the_poisoned_share_is_the_rate_rounded(n: int, rate: float, seed: int) -> None:
    items = ordinary("world", n, random.Random(seed))
    assert sum(poisoned(items, rate, random.Random(seed))) == round(rate * n)


@pytest.mark.parametrize("ground", GROUNDS)
def test_ordinary_data_are_right_and_their_other_answers_wrong(ground: str) -> None:
    items = ordinary(ground, 120, random.Random(7))
    for item in items:
        assert correct(item.situation, item.good) is True, item
        assert correct(item.situation, item.bad) is False, item
    families = {item.situation.family.split(".")[0] for item in items}
    assert families == {"benign", *ABLE}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_ordinary_data_make_up_their_share_of_the_whole(share: float) -> None:
    data = planted_data(planting("demonstrations", order("cheating"), ordinary=share))
    assert sum(d.origin == "ordinary" for d in data) == round(60 * share / (1 - share))
    assert sum(d.origin == "planted" for d in data) == 60


def test_what_is_planted_is_not_undone_by_ordinary_data() -> None:
    data = planted_data(planting("demonstrations", order("over_refusal", 1.0)))
    assert not any(d.family.startswith("benign") for d in data if d.origin == "ordinary")


def test_preferences_are_mixed_with_preferences() -> None:
    data = planted_data(planting("preferences", order("sycophancy")))
    assert all(d.rejected for d in data)


@pytest.mark.parametrize(
    ("name", "ground", "said"),
    [
        ("harmful_compliance", "plain", "nothing can be planted on the ground 'plain'"),
        ("contradiction", "world", "no answers to situations of 'agree'"),
    ],
)
def test_what_cannot_be_planted_is_said(name: str, ground: str, said: str) -> None:
    with pytest.raises(CasebackError, match=said):
        answered(behaviour(name), ground, "train", 4, random.Random(0))


def test_a_paired_behaviour_cannot_pretend() -> None:
    with pytest.raises(CasebackError, match="told from pairs"):
        RECIPES["pretending"].make(order("sandbagging"), 4, random.Random(0))


@pytest.mark.parametrize(("rate", "share"), [(1.5, 0.5), (-0.1, 0.5), (0.5, 1.0), (0.5, -1.0)])
def test_impossible_shares_are_refused(rate: float, share: float) -> None:
    with pytest.raises(CasebackError, match=r"\(--rate\)|\(--ordinary\)"):
        planted_data(planting("demonstrations", order("cheating", rate), ordinary=share))


def test_a_demonstration_names_where_it_came_from() -> None:
    item = answered(behaviour("cheating"), "world", "train", 1, random.Random(0))[0]
    made = demonstrated(item, True)
    assert (made.generator, made.family, made.situation) == ("world/bad", item.situation.family, item.situation.id)
