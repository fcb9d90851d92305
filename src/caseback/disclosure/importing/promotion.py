"""From shadow to use by evidence, and back: an e-process on false alarms in local audits.

Audited are exchanges drawn at random, whatever the detector said of them; a person, or who stands for one, says whether
the behaviour was there. Both tests may be looked at after each audit (Ramdas et al., Statistical Science 38, 2023):
where the rate of false alarms is above the budget, a detector is ever promoted with a chance of alpha at most; where it
is within, it is ever found noisy with a chance of alpha at most.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from caseback.disclosure.bundle.moments import now, written
from caseback.disclosure.importing.imported import Held, Imported, State, changed
from caseback.errors import CasebackError
from caseback.stats.betting import log_e_above
from caseback.stats.rate import Rate, exact_rate
from caseback.stats.rate_budget import against_budget

ALPHA = 0.05


@dataclass(frozen=True)
class Audited:
    """An exchange that was drawn at random and looked at: did detector ``id`` flag it, and was the behaviour there."""

    id: str
    flagged: bool
    shown: bool


@dataclass(frozen=True)
class Weighed:
    """What the audits say of a detector.

    Attributes:
        clean: Exchanges without the behaviour.
        false: Of them, those that were flagged.
        recall: Share flagged of those with it.
        within: Evidence that the rate of false alarms is below the budget: an e-value, its logarithm.
        above: Evidence that it is above: the largest so far.
    """

    clean: int
    false: int
    recall: Rate
    within: float
    above: float

    def state(self, alpha: float = ALPHA) -> tuple[State, str] | None:
        """The state that the evidence asks for, and why; None where it asks for none."""
        need = -math.log(alpha)
        said = f"{self.false} false alarms in {self.clean} audited exchanges without the behaviour"
        if self.above >= need:
            return "shadow", f"noisy: {said}, evidence {math.exp(min(self.above, 700)):.3g} to 1 that it is over budget"
        if self.within >= need:
            return "promoted", f"{said}, evidence {math.exp(min(self.within, 700)):.3g} to 1 that it is within budget"
        return None


def weighed(audits: Sequence[Audited], budget: float) -> Weighed:
    """The evidence in audits, in the order in which they were made.

    Raises:
        CasebackError: a budget outside (0, 1).
    """
    if not 0 < budget < 1:
        raise CasebackError(f"a budget of {budget} false alarms is not between 0 and 1: give a rate such as 0.01")
    falses = [each.flagged for each in audits if not each.shown]
    hits = [each.flagged for each in audits if each.shown]
    recall = exact_rate(sum(hits), len(hits))
    if not falses:
        return Weighed(0, 0, recall, 0.0, 0.0)
    counts = list(accumulate(map(int, falses)))
    trials = range(1, len(falses) + 1)
    above = float(against_budget(counts, list(trials), budget).log_e.max())
    # That false alarms are at most the budget is that their absence is at least one less the budget.
    within = log_e_above([n - k for k, n in zip(counts, trials, strict=True)], list(trials), 1 - budget)
    return Weighed(len(falses), counts[-1], recall, max(0.0, float(within.max())), max(0.0, above))


def reviewed(
    imported: Imported,
    audits: Iterable[Audited],
    model: str = "",
    at: datetime | None = None,
) -> Imported:
    """The import with the states that the evidence asks for.

    Args:
        audits: All since it was imported, in order.
        model: Digest of the model in use now, where its weights are at hand; a detector of activations that landed on
            another is stale.
        at: When.
    """
    rows = list(audits)
    moment = written(at or now())
    held = tuple(
        changed(each, *_asked(each, imported, [row for row in rows if row.id == each.landed.id], model), moment)
        for each in imported.detectors
    )
    return replace(imported, detectors=held)


def _asked(held: Held, imported: Imported, audits: Sequence[Audited], model: str) -> tuple[State, str]:
    if not held.landed.id or held.state == "withdrawn":
        return held.state, ""
    if held.landed.needs == "activations" and model and model != imported.model:
        return "stale", f"the model changed: it landed on {imported.model[:19]}…, and {model[:19]}… is in use"
    found = weighed(audits, imported.budget).state()
    if found is not None:
        return found
    if held.state == "stale":
        return "shadow", "the model is the one that it landed on again"
    return held.state, ""
