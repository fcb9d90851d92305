"""Ways for the weak to teach the strong, each measured on families that nobody was taught: the right verdicts.

Of the training cases one half of the families has the oracle's labels, and the weak learn from it. The other half has
none but theirs, and the strong learn from that. The ceiling is the strong one with the oracle's labels on that half.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from caseback.oversight.ladder.cases import Case
from caseback.oversight.ladder.head import Floats, Loss, confident, fit, naive

Ints = npt.NDArray[np.int64]
Reader = tuple[str, str]
"""Who reads the cases, and whose critique it reads beside them; empty for nobody's."""
ARMS = ("naive", "confidence", "bootstrapped", "crossed", "critique")
CHAINS = ("bootstrapped", "crossed")
"""Arms that hand labels up rung by rung; between neighbours on the ladder there is nobody to hand them to."""


class Learner(Protocol):
    """Trains a reader on some cases and says what it holds of others."""

    def __call__(self, reader: Reader, train: Ints, soft: Floats, test: Ints, loss: Loss, seed: int) -> Floats:
        """Probabilities of a breach for the cases ``test``, after training on ``train`` with the labels ``soft``."""
        ...


@dataclass(frozen=True)
class Halves:
    """Which cases have the oracle's labels, which have to do with the weak one's, and which are tried on."""

    taught: Ints
    unlabelled: Ints
    test: Ints


@dataclass(frozen=True)
class Verdicts:
    """Which test cases were judged rightly, ``1`` or ``0`` each: by the weak and at the ceiling, by rung; by arm and
    pair ``(weak, strong)``; and by the weak with a strong one's critique, by pair."""

    weak: Mapping[str, str]
    ceiling: Mapping[str, str]
    student: Mapping[str, Mapping[tuple[str, str], str]]
    helped: Mapping[tuple[str, str], str]


def linear(acts: Callable[[Reader], Floats]) -> Learner:
    """Heads on frozen activations; ``acts(reader)`` gives those of all cases ``[cases, d]``."""

    def learn(reader: Reader, train: Ints, soft: Floats, test: Ints, loss: Loss, seed: int) -> Floats:
        read = acts(reader)
        return fit(read[train], soft, loss, seed).probabilities(read[test])

    return learn


def halves(cases: Sequence[Case], seed: int) -> Halves:
    """Each behaviour's training families in two halves, drawn by the seed; the test split as it is."""
    rng = random.Random(f"halves {seed}")
    taught: set[str] = set()
    for name in dict.fromkeys(case.behaviour for case in cases):
        families = sorted({case.family for case in cases if case.behaviour == name and case.split == "train"})
        taught.update(rng.sample(families, len(families) // 2))

    def where(keep: Callable[[Case], bool]) -> Ints:
        return np.array([at for at, case in enumerate(cases) if keep(case)], dtype=np.int64)

    return Halves(
        where(lambda case: case.split == "train" and case.family in taught),
        where(lambda case: case.split == "train" and case.family not in taught),
        where(lambda case: case.split == "test"),
    )


def verdicts(
    learner: Learner,
    names: Sequence[str],
    cases: Sequence[Case],
    seed: int,
    arms: Sequence[str] = ARMS,
    progress: Callable[[int, int], None] | None = None,
) -> Verdicts:
    """All arms at one seed, of all pairs ``names[i]``, ``names[j]`` with i < j.

    Args:
        names: rungs, weakest first.
        arms: some of ``ARMS``.
    """
    split = halves(cases, seed)
    truth = np.array([case.label for case in cases], dtype=np.float32)
    answer = truth[split.test] > 0.5
    weak: dict[str, str] = {}
    ceiling: dict[str, str] = {}
    students: dict[str, dict[tuple[str, str], str]] = {arm: {} for arm in arms}
    helped: dict[tuple[str, str], str] = {}

    def right(probabilities: Floats) -> str:
        return "".join("1" if each else "0" for each in (probabilities > 0.5) == answer)

    def teach(reader: Reader) -> tuple[Floats, str]:
        """The reader's labels for the unlabelled half, and its own verdicts on the test."""
        both = np.concatenate([split.unlabelled, split.test])
        said = learner(reader, split.taught, truth[split.taught], both, naive, seed)
        return said[: len(split.unlabelled)], right(said[len(split.unlabelled) :])

    def learn(name: str, soft: Floats, loss: Loss = naive) -> str:
        return right(learner((name, ""), split.unlabelled, soft, split.test, loss, seed))

    labels: dict[str, Floats] = {}
    for done, name in enumerate(names):
        labels[name], weak[name] = teach((name, ""))
        ceiling[name] = learn(name, truth[split.unlabelled])
        if progress:
            progress(done + 1, 2 * len(names))
    for i, teacher in enumerate(names):
        carried = {way: labels[teacher] for way in CHAINS if way in students}
        for j in range(i + 1, len(names)):
            pair = (teacher, names[j])
            if "naive" in students:
                students["naive"][pair] = learn(names[j], labels[teacher])
            if "confidence" in students:
                students["confidence"][pair] = learn(names[j], labels[teacher], confident)
            for way in carried if j > i + 1 else ():
                hand_up = again if way == "bootstrapped" else relabelled
                carried[way] = hand_up(learner, names[j - 1], split.unlabelled, carried[way], seed)
                students[way][pair] = learn(names[j], carried[way])
            if "critique" in students:
                soft, helped[pair] = teach(pair)
                students["critique"][pair] = learn(names[j], soft)
        if progress:
            progress(len(names) + i + 1, 2 * len(names))
    return Verdicts(weak, ceiling, students, helped)


def again(learner: Learner, name: str, cases: Ints, soft: Floats, seed: int) -> Floats:
    """The labels that a rung gives the very cases that it learned from, as Burns et al. bootstrap."""
    return learner((name, ""), cases, soft, cases, naive, seed)


def relabelled(learner: Learner, name: str, cases: Ints, soft: Floats, seed: int) -> Floats:
    """The labels of a rung that was taught by labels before: each half's by what it learned from the other half.

    Asked about the very cases that it learned from, it would give back their labels, errors and all.
    """
    order = np.random.default_rng(seed).permutation(len(cases))
    first, second = order[::2], order[1::2]
    made = np.empty_like(soft)
    for mine, other in ((first, second), (second, first)):
        made[mine] = learner((name, ""), cases[other], soft[other], cases[mine], naive, seed)
    return made
