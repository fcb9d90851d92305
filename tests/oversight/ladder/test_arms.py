"""Ways to teach, on activations that are made up, and so with a truth that is known."""

import numpy as np

from caseback.oversight.ladder.arms import ARMS, Reader, halves, linear, relabelled, verdicts
from caseback.oversight.ladder.cases import Case
from caseback.oversight.ladder.head import Floats, naive
from caseback.oversight.ladder.recovered import accuracy

FAMILIES = [f"harm.{letter}" for letter in "abcdefgh"]


def made(each: int = 20) -> tuple[list[Case], Floats]:
    """Cases of eight train and four test families, and what there is to see in them: a strong cue and a weak one."""
    rng = np.random.default_rng(0)
    where = [(family, "train") for family in FAMILIES] + [(f"harm.t{at}", "test") for at in range(4)]
    cases = [
        Case(({"role": "user", "content": "?"},), "!", bool(at % 2), "harmful_compliance", family, split)  # type: ignore[arg-type]
        for family, split in where
        for at in range(each)
    ]
    truth = np.array([case.label for case in cases], dtype=np.float32) - 0.5
    acts = rng.normal(size=(len(cases), 6)).astype(np.float32)
    acts[:, 0] += 8 * truth
    acts[:, 1] += 1.6 * truth
    return cases, acts


def reader(acts: Floats):  # type: ignore[no-untyped-def]
    """The weak one sees the weak cue alone; a critique by the strong one shows it the other."""

    def of(who: Reader) -> Floats:
        name, critic = who
        return acts if name != "weak" or critic else acts[:, 1:]

    return of


def test_halves_share_no_family_and_every_case_has_one_place() -> None:
    cases, _ = made()
    split = halves(cases, 1)
    taught, unlabelled = ({cases[at].family for at in part} for part in (split.taught, split.unlabelled))
    assert not taught & unlabelled
    assert taught | unlabelled == set(FAMILIES)
    assert len(split.taught) + len(split.unlabelled) + len(split.test) == len(cases)
    assert all(cases[at].split == "test" for at in split.test)
    assert not np.array_equal(split.taught, halves(cases, 2).taught)


def test_the_strong_are_above_the_weak_and_students_between() -> None:
    cases, acts = made()
    found = verdicts(linear(reader(acts)), ["weak", "middle", "strong"], cases, 0)
    weak, ceiling = accuracy(found.weak["weak"]), accuracy(found.ceiling["strong"])
    assert weak < 0.9
    assert ceiling > 0.95
    student = accuracy(found.student["naive"]["weak", "strong"])
    assert weak - 0.1 < student < ceiling  # what labels hang on is what it learns
    assert set(found.student) == set(ARMS)
    assert (
        set(found.student["bootstrapped"]) == set(found.student["crossed"]) == {("weak", "strong")}
    )  # no rung between the others


def test_a_critique_that_shows_the_answer_helps_the_weak() -> None:
    cases, acts = made()
    found = verdicts(linear(reader(acts)), ["weak", "strong"], cases, 0, ("critique",))
    assert accuracy(found.helped["weak", "strong"]) > accuracy(found.weak["weak"]) + 0.05
    assert set(found.student) == {"critique"}


def test_labels_handed_up_are_never_of_the_cases_that_they_were_learned_from() -> None:
    seen: list[tuple[set[int], set[int]]] = []

    def learner(reader, train, soft, test, loss, seed):  # type: ignore[no-untyped-def]
        seen.append((set(train.tolist()), set(test.tolist())))
        return np.full(len(test), 0.25, dtype=np.float32)

    rows = np.arange(100, 111)
    found = relabelled(learner, "any", rows, np.ones(11, dtype=np.float32), 0)
    assert all(not train & test for train, test in seen)
    assert set().union(*(test for _, test in seen)) == set(rows.tolist())
    assert (found == 0.25).all()


def test_a_learner_gives_probabilities_of_the_cases_asked_for() -> None:
    cases, acts = made(4)
    split = halves(cases, 0)
    truth = np.array([case.label for case in cases], dtype=np.float32)
    learn = linear(lambda who: acts)
    said = learn(("x", ""), split.taught, truth[split.taught], split.test, naive, 0)
    assert said.shape == split.test.shape
