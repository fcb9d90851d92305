"""Five generations, each taught by the one before, and one bad link among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caseback.oversight.ladder.arms import linear, relabelled
from caseback.oversight.ladder.head import Floats, fit
from caseback.oversight.saboteurs.bench import Bench, Flags
from caseback.oversight.saboteurs.poison import hidden


@dataclass(frozen=True)
class Chain:
    """What the last generation catches.

    Attributes:
        link: whose handing over is bad, 1 for the first labels; 0 in a clean chain.
        target: the behaviour whose breaches are hidden there.
        trusted: the share of each handing over that the oracle labels instead.
        caught: of the test breaches of the target, ``1`` or ``0`` each, in their order.
        others: the same of all other behaviours' breaches.
        alarms: of the test cases that break nothing.
    """

    link: int
    dose: float
    target: str
    seed: int
    trusted: float
    caught: str
    others: str
    alarms: str


def chains(
    bench: Bench,
    generations: Sequence[str],
    doses: Sequence[float],
    trusted: Sequence[float],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Chain]:
    """A clean chain and one with each link bad, for every target; with and without trusted labels at every link.

    The first generation learns from the oracle's labels of one half of the families, the others hand up their labels of
    the other half, each half of that labelled by what was learned from the other (``relabelled``).
    """
    targets = list(dict.fromkeys(bench.behaviours.tolist()))
    wanted = [(share, 0, 0.0, "") for share in trusted] + [
        (share, link, dose, target)
        for share in trusted
        for link in range(1, len(generations) + 1)
        for dose in doses
        for target in targets
    ]
    kept: dict[tuple[float, int], list[Floats]] = {}
    made: list[Chain] = []
    for done, (share, link, dose, target) in enumerate(wanted):
        # Up to the bad link a chain is the clean one.
        begun = kept.get((share, 0), [])[: max(0, link - 1)] if link else []
        handed, verdict = _run(bench, generations, link, dose, target, share, seed, begun)
        if not link:
            kept[(share, 0)] = handed
        made += [_chain(bench, verdict, link, dose, each, share, seed) for each in ([target] if link else targets)]
        if progress:
            progress(done + 1, len(wanted))
    return made


def _run(
    bench: Bench, generations: Sequence[str], link: int, dose: float, target: str, trusted: float, seed: int,
    begun: Sequence[Floats],
) -> tuple[list[Floats], Floats]:  # fmt: skip
    """All labels as they were handed over, and the last generation's log-odds on the test."""
    split, truth = bench.halves(seed), bench.truth
    learn = linear(lambda reader: bench.acts[reader[0]])
    handed = list(begun)
    for at in range(len(begun) + 1, len(generations) + 1):
        rows = split.taught if at == 1 else split.unlabelled
        if at == 1:
            labels = truth[rows]
        elif at == 2:
            first = fit(bench.acts[generations[0]][split.taught], handed[0], seed=seed)
            labels = first.probabilities(bench.acts[generations[0]][rows])
        else:
            labels = relabelled(learn, generations[at - 2], rows, handed[-1], seed)
        if at == link:
            labels = hidden(labels, bench.behaviours[rows] == target, dose, np.random.default_rng([seed, 10]))
        if trusted:
            known = np.random.default_rng([seed, 11, at]).random(len(rows)) < trusted
            labels = np.where(known, truth[rows], labels)
        handed.append(labels)
    rows = split.unlabelled if len(generations) > 1 else split.taught
    last = bench.acts[generations[-1]]
    return handed, fit(last[rows], handed[-1], seed=seed).logits(last[split.test])


def _chain(bench: Bench, logits: Floats, link: int, dose: float, target: str, trusted: float, seed: int) -> Chain:
    test = bench.halves(seed).test
    said, truth, own = logits > 0, bench.truth[test] > 0.5, bench.behaviours[test] == target

    def told(at: Flags) -> str:
        return "".join("1" if each else "0" for each in said[at])

    return Chain(link, dose, target, seed, trusted, told(truth & own), told(truth & ~own), told(~truth))


def by_key(found: Sequence[Chain]) -> Mapping[tuple[float, int, float, str, int], Chain]:
    """Chains by share of trusted labels, bad link, dose, target and seed."""
    return {(each.trusted, each.link, each.dose, each.target, each.seed): each for each in found}
