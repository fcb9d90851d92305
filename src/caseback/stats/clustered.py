"""Rates of events that come in clusters, such as situations of one family."""

from collections.abc import Iterable, Mapping, Sequence

from scipy.stats import beta, t

from caseback.stats.rate import Rate, exact_rate

ASSUMED_CORRELATION = 0.2
"""Correlation within a cluster where the data cannot show one: with no events, or nothing but events."""


def by_cluster(labels: Iterable[str], events: Iterable[bool]) -> dict[str, tuple[int, int]]:
    """Events and trials of each cluster, in order of first appearance."""
    counts: dict[str, tuple[int, int]] = {}
    for label, event in zip(labels, events, strict=True):
        k, n = counts.get(label, (0, 0))
        counts[label] = (k + event, n + 1)
    return counts


def effective_n(counts: Sequence[tuple[int, int]], confidence: float = 0.95) -> float:
    """How many independent trials carry as much as these clustered ones; at most the number of trials.

    Korn and Graubard (Survey Methodology 24, 1998): trials over the design effect, times the squared ratio of Student
    quantiles, which pays for estimating that effect from few clusters. The design effect is the variance between
    clusters over that of independent trials. It never counts as below 1, nor below what a correlation of
    ``ASSUMED_CORRELATION`` within clusters would make it when there were no events or only events, when the data say
    nothing about it. One cluster says nothing of others: 0.
    """
    counts = [(k, n) for k, n in counts if n]
    clusters, trials = len(counts), sum(n for _, n in counts)
    if clusters < 2:
        return 0.0
    share = sum(k for k, _ in counts) / trials
    if 0 < share < 1:
        between = clusters / (clusters - 1) * sum((k - share * n) ** 2 for k, n in counts) / trials**2
        effect = between / (share * (1 - share) / trials)
    else:
        effect = 1 + (sum(n * n for _, n in counts) / trials - 1) * ASSUMED_CORRELATION
    tail = 1 - (1 - confidence) / 2
    few = float(t.ppf(tail, trials - 1) / t.ppf(tail, clusters - 1)) ** 2 if trials > clusters else 1.0
    return min(float(trials), trials / max(effect, 1.0) * few)


def clustered_rate(counts: Mapping[str, tuple[int, int]], confidence: float = 0.95) -> Rate:
    """The rate over all trials, with an interval that allows for clusters and contains the exact one.

    Clopper and Pearson's interval with ``effective_n`` trials in place of the actual ones (Korn and Graubard 1998);
    never narrower on either side than the exact interval for independent trials. It speaks of *new* clusters too, so
    with a single cluster it is [0, 1].

    Args:
        counts: (events, trials) of each cluster.
        confidence: Between 0 and 1.
    """
    k, n = sum(k for k, _ in counts.values()), sum(n for _, n in counts.values())
    exact = exact_rate(k, n, confidence)
    trials = effective_n(list(counts.values()), confidence)
    if not trials:
        return Rate(k, n, 0.0, 1.0, confidence)
    events, tail = trials * k / n, (1 - confidence) / 2
    low = float(beta.ppf(tail, events, trials - events + 1)) if k > 0 else 0.0
    high = float(beta.ppf(1 - tail, events + 1, trials - events)) if k < n else 1.0
    return Rate(k, n, min(low, exact.low), max(high, exact.high), confidence)
