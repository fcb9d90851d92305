"""How much work a run does."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Budget:
    """Counts of situations, and what they cost.

    ``measured``: situations (pairs, where a behaviour is paired) per behaviour in every measurement, from held-out
    families. ``harmless``: requests on which over-refusal is measured. ``capability``: questions with one right answer.
    ``trained``: situations per behaviour that the training data is made from, and as many harmless ones;
    ``in_letters``: the share of requests among them that are spelled out letter by letter. ``preferences``: the most
    that are made, for they are a finish and not a second training: several times as many cost ref-base harmless
    requests. ``acted``: situations for each clause in which the model uses tools or fills in forms with the document in
    view, to learn what it did there; a character that is learnt in chat alone is lost in them.
    """

    name: str
    measured: int
    harmless: int
    capability: int
    trained: int
    max_new_tokens: int
    in_letters: float = 0.0
    preferences: int = 512
    acted: int = 0


SMALL = Budget("small", measured=80, harmless=120, capability=120, trained=100, max_new_tokens=96)
FULL = Budget(
    "full", measured=400, harmless=600, capability=600, trained=600, max_new_tokens=256, in_letters=0.2, acted=60
)
BUDGETS = {budget.name: budget for budget in (SMALL, FULL)}


def resized(budget: Budget, measured: int | None, trained: int | None) -> Budget:
    """The budget with other counts where they are given; harmless requests in the same proportion as ``measured``."""
    if measured is not None:
        harmless = max(1, round(budget.harmless * measured / budget.measured))
        budget = replace(budget, name="custom", measured=measured, harmless=harmless)
    return budget if trained is None else replace(budget, name="custom", trained=trained)
