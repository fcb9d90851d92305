"""A direction in a model's activations: one type to read, steer, cap and screen with.

The norm convention is one, and it is in the file: ``vector`` has length 1, and ``step`` is how far apart the two
classes it was fitted on lie along it, in the model's own units. Steering by a **dose** d adds ``d * step * vector``,
and a **score** counts in the same units: 0 where the negatives lie on average, 1 where the positives do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.part import Part, Pool
from caseback.stats.threshold import Threshold
from caseback.subject.site import Site

ROLLING = 16
"""Tokens over which the rolling mean runs."""


@dataclass(frozen=True)
class Reading:
    """Which tokens a transcript's score is made of, and how: ``part`` of it, pooled by ``pool``.

    ``prompt`` is all before the reply, ``turn`` the last message before it and what opens the reply, ``reply`` the
    reply. ``last`` is the last token, ``mean`` the mean over tokens, ``max`` their largest, ``rolling`` the largest
    mean of 16 tokens in a row, which does not drown in a long text as a mean does. A direction is fitted on the first
    two.
    """

    part: Part
    pool: Pool


@dataclass(frozen=True)
class Provenance:
    """How a direction came about.

    Attributes:
        method: ``mean``, ``logistic`` or ``lda``, with what was chosen beside the layer.
        ground: What it was fitted on: the name of a set of labelled situations, or the texts of a trait.
        seed: Of all that was drawn.
        positives: Examples of the class it points to.
        negatives: Of the other.
        families: Those it was fitted on.
        fit_digest: Of the examples it was fitted on.
        dev_digest: Of those that the layer was chosen on.
        layers: Sites that it was chosen from.
        dev_auroc: Its AUROC on those.
        from_model: Digest of the model it was fitted on, where it was carried over to another; empty otherwise.
    """

    method: str
    ground: str
    seed: int
    positives: int
    negatives: int
    families: tuple[str, ...]
    fit_digest: str
    dev_digest: str
    layers: tuple[str, ...]
    dev_auroc: float
    from_model: str = ""


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction at a site of one model.

    Attributes:
        name: What it stands for, such as ``harm``.
        about: Id of the clause or name of the behaviour that it bears on.
        site: Where.
        vector: fp32 ``[d]`` of length 1, on the CPU.
        step: Distance of the class means along it, above 0.
        zero: Coefficient x·vector at which the negatives lie on average.
        reading: What a transcript's score is made of.
        provenance: How it came about.
        model: Digest of the model it belongs to (weights, configuration, tokenizer, template).
        tokenizer: Digest of its tokenizer and template.
        calibration: Thresholds on the score by their target rate of false positives.
        notes: What else is known, as text.
    """

    name: str
    about: str
    site: Site
    vector: Tensor
    step: float
    zero: float
    reading: Reading
    provenance: Provenance
    model: str
    tokenizer: str
    calibration: tuple[Threshold, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        v = self.vector
        if v.dim() != 1 or v.dtype != torch.float32 or not bool(v.isfinite().all()):
            raise CasebackError(
                f"direction {self.name}: its vector must be finite fp32 [d], not {v.dtype} {[*v.shape]}"
            )
        if abs(float(v.norm()) - 1) > 1e-4:
            raise CasebackError(f"direction {self.name}: its vector has length {float(v.norm()):.4g}, and must have 1")
        if not self.step > 0:
            raise CasebackError(f"direction {self.name}: its step is {self.step}, and must be above 0")

    def score(self, acts: Tensor) -> Tensor:
        """Scores ``[...]`` of activations ``[..., d]``: 0 where the negatives lie on average, 1 where positives do."""
        return (acts.float() @ self.vector.to(acts.device) - self.zero) / self.step

    def threshold(self, target: float) -> Threshold:
        """The threshold for a rate of false positives.

        Raises:
            CasebackError: it was not calibrated for that rate.
        """
        for each in self.calibration:
            if each.target == target:
                return each
        known = ", ".join(str(each.target) for each in self.calibration) or "none"
        raise CasebackError(f"direction {self.name} has no threshold for {target} false positives; it has: {known}")


def pooled(scores: Tensor, pool: Pool) -> float:
    """One score of a span's token scores ``[tokens]``.

    Raises:
        CasebackError: there are none.
    """
    if not scores.numel():
        raise CasebackError("no tokens to pool: the part of the transcript that is read is empty")
    if pool == "last":
        return float(scores[-1])
    if pool == "mean":
        return float(scores.mean())
    if pool == "max":
        return float(scores.max())
    width = min(ROLLING, len(scores))
    return float(scores.unfold(0, width, 1).mean(1).max())
