"""Intervenes on a latent, upward and downward: does behaviour move, and in the direction that its label claims?"""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.stats import t
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.labels.claims import Case, Claim, log_odds
from caseback.stats.means import Mean, clustered_mean
from caseback.subject.edits import ActivationEdit, Add, Silence
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.world.situation import Split
from caseback.world.spec import WorldSpec

Side = Literal["up", "down"]
Towards = Literal["as claimed", "against", "neither"]
Finding = Literal["as claimed", "reversed", "contradictory", "no effect", "no claim"]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Effect:
    """What one intervention did to a behaviour's log-odds, in nats a token.

    Attributes:
        side: ``up``: added at every token. ``down``: what it writes taken away at every token.
        change: Mean over cases of after less before, interval over families.
        chance_low: Between here ...
        chance_high: ... and here one more random decoder direction of equal length would fall, 95 times in 100.
        controls: Random directions measured.
        touched: Share of tokens that the intervention changed.
        towards: Where it moved behaviour; ``neither`` where the interval holds 0, or chance might do as much.
    """

    side: Side
    change: Mean
    chance_low: float
    chance_high: float
    controls: int
    touched: float
    towards: Towards


@dataclass(frozen=True)
class Trial:
    """How interventions are measured: cases for each side, random directions, the split and the confidence.

    ``dose`` is in typical activations of the latent.
    """

    spec: WorldSpec
    split: Split = "test"
    n: int = 24
    controls: int = 8
    dose: float = 2.0
    seed: int = 0
    confidence: float = CONFIDENCE


def effects(
    subject: OpenSubject,
    dictionary: Dictionary,
    latent: int,
    typical: float,
    claim: Claim,
    among: Sequence[int],
    trial: Trial,
) -> tuple[Effect, Effect]:
    """The effects of raising a latent and of silencing it.

    Upward, ``dose * typical`` times its decoder row is added at every token of ``claim.absent``. Downward, its
    activation times its row is taken away at every token of ``claim.present``. The controls use rows of other latents,
    scaled to the same length, at the same tokens by the same amounts.

    Args:
        typical: Activation that counts as one dose, such as the mean where it is active.
        among: Latents to draw controls from, such as those that are alive.

    Raises:
        CasebackError: fewer than three controls, or no situations.
    """
    others = [other for other in among if other != latent]
    if trial.controls < 3 or len(others) < trial.controls:
        raise CasebackError(
            f"{trial.controls} random directions out of {len(others)} other latents that are active: at least 3 are "
            "needed, and latents enough for them"
        )
    rows = dictionary.W_dec[random.Random(f"controls/{trial.seed}/{latent}").sample(others, trial.controls)]
    own = dictionary.W_dec[latent]
    rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-12) * own.norm()
    assert dictionary.threshold is not None
    site = dictionary.writes[0]
    reader, bias, threshold = (
        dictionary.W_enc[:, latent],
        float(dictionary.b_enc[latent]),
        float(dictionary.threshold[latent]),
    )

    def raised(row: Tensor) -> ActivationEdit:
        return Add(site, row, scale=trial.dose * typical)

    def silenced(row: Tensor) -> ActivationEdit:
        return Silence(site, reader, row, bias, threshold)

    def of(side: Side, cases: Sequence[Case], edit: Callable[[Tensor], ActivationEdit], sign: int) -> Effect:
        before = log_odds(subject, cases)
        own_changes, touched = _changes(subject, cases, before, edit(own))
        chance = [statistics.fmean(_changes(subject, cases, before, edit(row))[0]) for row in rows]
        return judged(side, [case.family for case in cases], own_changes, chance, touched, sign, trial.confidence)

    absent, present = (make(trial.spec, trial.split, trial.n, trial.seed) for make in (claim.absent, claim.present))
    if not absent or not present:
        raise CasebackError(f"the {trial.split} split has no situations for the claim that it {claim.behaviour}")
    return of("up", absent, raised, claim.sign), of("down", present, silenced, -claim.sign)


def judged(
    side: Side,
    families: Sequence[str],
    changes: Sequence[float],
    chance: Sequence[float],
    touched: float,
    sign: int,
    confidence: float = CONFIDENCE,
) -> Effect:
    """An effect from the changes of single cases and the mean changes of random directions.

    It counts where two things hold: the interval over families leaves out 0, and the mean lies outside the prediction
    interval for one more random direction. The latter is Student's, for a normal distribution: to first order the
    effect of a random direction is a sum over many coordinates. What the controls share, such as the harm that any
    vector of that length does, moves the interval and so does not count.

    Args:
        sign: Of the change that the label claims.
    """
    mean = clustered_mean([(family, change, 1.0) for family, change in zip(families, changes, strict=True)], confidence)
    centre, spread = statistics.fmean(chance), statistics.stdev(chance)
    factor = float(t.ppf((1 + confidence) / 2, len(chance) - 1)) * math.sqrt(1 + 1 / len(chance))
    low, high = centre - factor * spread, centre + factor * spread
    above, below = mean.low > 0 and mean.value > high, mean.high < 0 and mean.value < low
    towards: Towards = "neither"
    if above or below:
        towards = "as claimed" if above == (sign > 0) else "against"
    return Effect(side, mean, low, high, len(chance), touched, towards)


def finding(up: Effect | None, down: Effect | None) -> Finding:
    """What both interventions say of a label: **reversed** where at least one moved behaviour against the claim and
    none moved it as claimed. A label with no relation to behaviour is called so at most as often as its two tests err
    to that side: 5 times in 100."""
    if up is None or down is None:
        return "no claim"
    seen = {up.towards, down.towards}
    if "against" in seen:
        return "contradictory" if "as claimed" in seen else "reversed"
    return "as claimed" if "as claimed" in seen else "no effect"


def _changes(
    subject: OpenSubject, cases: Sequence[Case], before: Sequence[float], edit: ActivationEdit
) -> tuple[list[float], float]:
    with intervene(subject.model, [edit]) as receipt:
        after = log_odds(subject, cases)
    return [a - b for a, b in zip(after, before, strict=True)], receipt[0].changed / max(receipt[0].tokens, 1)
