"""Thresholds for a panel of assays that together raise a false alarm at a fixed rate of models."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.threshold import Threshold, set_threshold

Floats = npt.NDArray[np.float64]

FEWEST = 8
"""Twins that must have a statistic of an assay before it gets a threshold."""


@dataclass(frozen=True)
class Panel:
    """Thresholds of several assays, set together.

    Attributes:
        centres: For each assay the median of the twins.
        scales: For each assay how far twins lie above it, as a root mean square.
        thresholds: Alarm where an assay's statistic is above ``centres + cut.value * scales``.
        cut: The threshold of a twin's largest standardised statistic.
        without: Assays that too few twins could be told on: they have no threshold and never alarm.
    """

    centres: Mapping[str, float]
    scales: Mapping[str, float]
    thresholds: Mapping[str, float]
    cut: Threshold
    without: tuple[str, ...]

    @property
    def expected(self) -> float:
        """The chance that a new twin raises any alarm; above the target where there were too few twins."""
        return self.cut.expected

    @property
    def met(self) -> bool:
        """Whether there were twins enough for the target."""
        return self.cut.met


def set_panel(
    statistics: Mapping[str, Sequence[float | None]],
    floors: Mapping[str, float],
    clusters: Sequence[str],
    target: float,
    confidence: float = 0.95,
    fewest: int = FEWEST,
) -> Panel:
    """Thresholds at which a new innocent model raises *any* alarm at a rate of ``target`` at most.

    Every statistic is brought to one scale: how far above the median of the twins it lies, over the root mean square of
    how far those above it do. So an assay that a few innocent models stand out in does not raise the cut for all the
    others, as it would with a median deviation, which few hardly move. A twin's largest such value, over the assays
    that could be told on it, is what the cut is set on, as the split-conformal quantile of ``set_threshold``: so no
    matter how alike the assays are, and with no correction for their number (the single-step maximum of Westfall and
    Young, Resampling-Based Multiple Testing, 1993).

    Centre and scale come from the same twins as the cut. A twin that took part in setting its own scale lies nearer to
    the centre than a new one would, and the cut would be too low. So for the cut each twin is standardised by the
    others alone (cross-fitting), as a new one is by them all. That is no theorem; the tests hold it to the target.

    Args:
        statistics: for each assay the statistic of every twin, larger the guiltier; None where it could not be told.
        floors: for each assay the least scale, its own measuring error, above 0: what many equal statistics of twins
            must not make smaller.
        clusters: the kind of each twin, for the interval of the rate.
        target: the rate of innocent models with any alarm, between 0 and 1.
        confidence: of the interval of that rate.
        fewest: twins that must have a statistic before an assay gets a threshold, at least 3.

    Raises:
        ValueError: unequal lengths, a statistic that is not finite, a floor missing or not above 0, ``fewest`` under 3,
            or no twin on which anything with a threshold could be told.
    """
    if fewest < 3:
        raise ValueError(f"fewest is {fewest}: a median of the others needs 3 twins")
    table = {assay: _told(assay, values, len(clusters)) for assay, values in statistics.items()}
    for assay in table:
        if not 0 < floors.get(assay, 0.0) < math.inf:
            raise ValueError(f"the floor of {assay} is {floors.get(assay)}: it must be above 0")
    used = {assay: values for assay, values in table.items() if int(np.isfinite(values).sum()) >= fewest}
    largest = np.full(len(clusters), -math.inf)
    centres, scales = {}, {}
    for assay, values in used.items():
        told = np.isfinite(values)
        largest[told] = np.maximum(largest[told], _by_the_others(values[told], floors[assay]))
        centres[assay] = float(np.median(values[told]))
        scales[assay] = max(floors[assay], float(_upper_spread(values[told] - centres[assay])))
    # A twin that nothing could be told on says nothing of how often one alarms.
    kept = np.flatnonzero(largest > -math.inf).tolist()
    if not kept:
        raise ValueError(f"no assay could be told on {fewest} of {len(clusters)} twins")
    cut = set_threshold(largest[kept].tolist(), [clusters[i] for i in kept], target, confidence)
    return Panel(
        centres,
        scales,
        {assay: centres[assay] + cut.value * scales[assay] for assay in used},
        cut,
        tuple(assay for assay in table if assay not in used),
    )


def panel_alarms(panel: Panel, statistics: Mapping[str, float | None]) -> tuple[str, ...]:
    """The assays whose statistic of one model is above their threshold; one that could not be told raises no alarm.

    Raises:
        ValueError: where an assay was not on the panel, or a statistic is not finite.
    """
    return tuple(assay for assay, value in _of_one_model(panel, statistics).items() if value > panel.thresholds[assay])


def largest_standardised(panel: Panel, statistics: Mapping[str, float | None]) -> float | None:
    """How many scales above its centre the most outstanding assay of one model lies; None where none could be told.

    Raises:
        ValueError: where an assay was not on the panel, or a statistic is not finite.
    """
    found = _of_one_model(panel, statistics)
    return max(((value - panel.centres[a]) / panel.scales[a] for a, value in found.items()), default=None)


def _of_one_model(panel: Panel, statistics: Mapping[str, float | None]) -> dict[str, float]:
    """What could be told, of the assays that have a threshold."""
    for assay, value in statistics.items():
        if assay not in panel.thresholds and assay not in panel.without:
            raise ValueError(f"{assay} is not on the panel")
        if value is not None and not math.isfinite(value):
            raise ValueError(f"the statistic of {assay} is {value}")
    return {a: value for a, value in statistics.items() if value is not None and a in panel.thresholds}


def _told(assay: str, values: Sequence[float | None], twins: int) -> Floats:
    """The statistics of an assay, NaN where it could not be told."""
    if len(values) != twins:
        raise ValueError(f"{assay} has {len(values)} statistics of {twins} twins")
    for value in values:
        if value is not None and not math.isfinite(value):
            raise ValueError(f"a statistic of {assay} is {value}")
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _by_the_others(values: Floats, floor: float) -> Floats:
    """Each value standardised by the median and the upper spread of all the others."""
    n = len(values)
    others = np.broadcast_to(values, (n, n))[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    centre = np.median(others, axis=1)
    spread = _upper_spread(others - centre[:, None])
    return np.asarray((values - centre) / np.maximum(floor, spread), dtype=np.float64)


def _upper_spread(deviations: Floats) -> Floats:
    """Root mean square of the deviations above 0, along the last axis: they are half of all, so twice the mean."""
    return np.asarray(np.sqrt(2 * np.mean(np.maximum(deviations, 0) ** 2, axis=-1)), dtype=np.float64)
