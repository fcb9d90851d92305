"""Clustered rates: never narrower than the exact interval, right at zero events, and covering by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.clustered import ASSUMED_CORRELATION, by_cluster, clustered_rate, effective_n
from caseback.stats.rate import exact_rate


@settings(deadline=None)
@given(st.lists(st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=10))
def test_contains_the_exact_interval(counts: list[tuple[int, int]]) -> None:
    k, n = sum(k for k, _ in counts), sum(n for _, n in counts)
    exact, found = exact_rate(k, n), clustered_rate({str(i): pair for i, pair in enumerate(counts)})
    assert (found.k, found.n) == (k, n)
    assert 0 <= found.low <= exact.low
    assert exact.high <= found.high <= 1


def test_zero_events_pay_the_assumed_correlation() -> None:
    counts = [(0, 10)] * 400  # so many clusters that paying for few of them hardly counts
    assert effective_n(counts) == pytest.approx(4000 / (1 + 9 * ASSUMED_CORRELATION), rel=0.01)
    found = clustered_rate({str(i): pair for i, pair in enumerate(counts)})
    assert found.low == 0
    assert found.high > exact_rate(0, 4000).high


def test_clusters_that_agree_within_count_as_one_each() -> None:
    counts = [(10, 10)] * 50 + [(0, 10)] * 50
    assert effective_n(counts) == pytest.approx(100, rel=0.06)


def test_one_cluster_says_nothing_of_others() -> None:
    found = clustered_rate({"harm.poison": (0, 60)})
    assert (found.low, found.high) == (0, 1)
    assert clustered_rate({}).n == 0


def test_by_cluster_counts() -> None:
    assert by_cluster(["a", "b", "a"], [True, False, False]) == {"a": (1, 2), "b": (0, 1)}


@pytest.mark.parametrize("clusters", [4, 10])
@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("p", [0.03, 0.1, 0.4])
def test_coverage_by_simulation(clusters: int, correlation: float, p: float) -> None:
    """Beta-binomial families of 6: at least 95% less three standard errors of 600 runs (0.027)."""
    rng = np.random.default_rng(1)
    spread = (1 - correlation) / correlation if correlation else 1e9
    rates = rng.beta(p * spread, (1 - p) * spread, (600, clusters))
    seen: dict[tuple[int, ...], bool] = {}
    covered = 0
    for row in rng.binomial(6, rates):
        key = tuple(sorted(int(k) for k in row))
        if key not in seen:
            found = clustered_rate({str(i): (k, 6) for i, k in enumerate(key)})
            seen[key] = found.low <= p <= found.high
        covered += seen[key]
    assert covered / 600 >= 0.95 - 0.027
