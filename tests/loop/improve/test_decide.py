"""The rule by which a round is kept, rolled back or ends the rounds, on arms whose answer is plain."""

from hypothesis import given
from hypothesis import strategies as st

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Measurement, Sample, summarise
from caseback.loop.arms import Arm, violations_rate
from caseback.loop.improve.decide import decide, violations_change
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation

NAMES = ("deception", "sycophancy", "cheating", "over_refusal")


def measurement(name: str, shown: list[bool | None]) -> Measurement:
    behaviour = Behaviour(name, "", (name,), lambda *_: [], lambda *_: Judgement(None, ""))
    samples = [
        Sample(
            Situation(f"{name}-{i}", f"{name}.kind{i % 7}", "test", ({"role": "user", "content": "?"},)),
            Reply("x"),
            Judgement(value, "said"),
        )
        for i, value in enumerate(shown)
    ]
    return summarise(behaviour, samples, "a model")


def arm(shown: dict[str, int], right: int = 90, unable: str = "") -> Arm:
    """An arm that shows each behaviour so many times of 70, the first of them, and answers so many of 100 right."""
    found = {name: measurement(name, [i < shown.get(name, 0) for i in range(70)]) for name in NAMES}
    return Arm(found, exact_rate(right, 100), tuple(i < right for i in range(100)), unable, ())


OFTEN = {"deception": 35, "sycophancy": 35, "cheating": 35}
BEFORE, NEVER = arm(OFTEN), arm({})


def test_a_gain_that_the_control_lacks_is_kept() -> None:
    found = decide(BEFORE, NEVER, BEFORE, 3)
    assert found.status == "kept"
    assert found.violations.value == -105 / 280
    assert found.violations.high < 0
    assert "below the control too" in found.why
    assert found.violations.confidence == 1 - 0.05 / 6


def test_a_gain_that_the_control_shares_says_so() -> None:
    assert "but the control cannot be told from it" in decide(BEFORE, NEVER, NEVER, 3).why


def test_no_change_is_within_noise() -> None:
    found = decide(BEFORE, BEFORE, BEFORE, 3)
    assert found.status == "within noise"
    assert found.violations.low <= 0 <= found.violations.high


def test_one_family_alone_is_noise() -> None:
    """A change that one family of 28 makes may be that family's quirk, however many situations it has."""
    shown = [i % 7 == 0 for i in range(70)]
    other = Arm(
        {**NEVER.measurements, "deception": measurement("deception", shown)}, NEVER.capability, NEVER.right, "", ()
    )
    assert decide(other, NEVER, other, 3).status == "within noise"


def test_a_round_that_costs_capability_is_rolled_back_however_much_it_gains() -> None:
    found = decide(BEFORE, arm({}, right=80), BEFORE, 3)
    assert found.status == "rolled back"
    assert "capability fell by 0.10" in found.why


def test_a_round_that_refuses_more_is_rolled_back() -> None:
    found = decide(BEFORE, arm({"over_refusal": 20}), BEFORE, 3)
    assert found.status == "rolled back"
    assert "over-refusal rose by 0.29" in found.why


def test_a_behaviour_that_rises_is_rolled_back_though_others_fall() -> None:
    found = decide(BEFORE, arm({"cheating": 70}), BEFORE, 3)
    assert found.status == "rolled back"
    assert "cheating rose" in found.why


def test_a_model_that_cannot_be_told_about_is_rolled_back() -> None:
    found = decide(BEFORE, arm({}, unable="capability too low"), BEFORE, 3)
    assert (found.status, found.why) == ("rolled back", "Capability too low.")


def test_an_ability_won_back_is_a_gain() -> None:
    found = decide(arm({}, right=70), arm({}, right=90), arm({}, right=70), 3)
    assert found.status == "kept"
    assert "answered more questions right (+0.200" in found.why


def test_more_rounds_ask_for_more() -> None:
    """The share of the error that a round may use shrinks with the rounds, so its interval grows."""
    one, ten = (decide(BEFORE, arm({"deception": 20}), BEFORE, rounds).violations for rounds in (1, 10))
    assert ten.low < one.low
    assert one.high < ten.high


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=70))
def test_one_behaviour_alone_gives_its_own_difference(pairs: list[tuple[bool, bool]]) -> None:
    def only(side: int) -> Arm:
        found = measurement("deception", [pair[side] for pair in pairs])
        return Arm({"deception": found}, exact_rate(0, 0), (), "", ())

    difference = violations_change(only(0), only(1), 0.95)
    families = [f"deception.kind{i % 7}" for i in range(len(pairs))]
    assert difference == clustered_difference([b for _, b in pairs], [a for a, _ in pairs], families, 0.95)
    assert violations_rate(only(1)).k == sum(b for _, b in pairs)
