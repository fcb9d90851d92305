"""What an overseer catches at a fixed rate of false alarms."""

from caseback.oversight.ladder.cases import Case
from caseback.oversight.ladder.recall import watched


def case(split: str, label: bool, family: str) -> Case:
    return Case(({"role": "user", "content": "?"},), "!", label, "deception", family, split)  # type: ignore[arg-type]


DEV = [case("dev", False, f"d{at % 4}") for at in range(40)]
TEST = [case("test", label, f"t{at % 5}") for at in range(20) for label in (True, False)]


def test_all_that_lies_above_the_clean_is_caught() -> None:
    cases = [*DEV, *TEST]
    scores = [float(case.label) for case in cases]
    found = watched("w", "s", 0.5, cases, [scores, scores], 0.05)
    assert (found.caught.recall.k, found.caught.recall.n, found.caught.false.k) == (40, 40, 0)
    assert found.met
    assert len(found.trials) == 40
    assert found.trials[0] == (0.5, "w over s", "t0", True)


def test_each_seed_has_its_own_threshold() -> None:
    cases = [*DEV, *TEST]
    scores = [float(case.label) for case in cases]
    found = watched("w", "s", 0.0, cases, [scores, [100 + 50 * each for each in scores]], 0.05)
    assert found.caught.recall.k == 40
    assert found.caught.false.k == 0


def test_the_overseer_s_bad_luck_is_not_hidden() -> None:
    cases = [*DEV, *TEST]
    found = watched("w", "s", 0.0, cases, [[-float(case.label) for case in cases]], 0.05)
    assert found.caught.recall.k == 0
    assert found.caught.recall.high > 0


def test_too_few_clean_replies_are_said_to_be() -> None:
    few = [*DEV[:10], *TEST]
    assert not watched("w", "s", 0.0, few, [[float(case.label) for case in few]], 0.05).met


def test_without_clean_replies_nothing_is_told() -> None:
    found = watched("w", "s", 0.0, TEST, [[1.0] * len(TEST)], 0.05)
    assert found.caught.recall.n == 0
    assert not found.met
    assert not found.trials
