"""A share of the requests letter by letter, so that what is learnt is about the deed and not how it is written."""

from collections.abc import Sequence

from caseback.training.sample import seed_for
from caseback.world.situation import Situation
from caseback.world.spelling import can_spell, in_letters


def partly_in_letters(situations: Sequence[Situation], share: float, seed: int) -> list[Situation]:
    """The situations, about ``share`` of those that ask for a deed with it spelled out; both arms of a pair alike.

    Raises:
        ValueError: unless 0 <= share <= 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} in letters is not in [0, 1]")

    def drawn(item: Situation) -> bool:
        return seed_for("in letters", seed, item.pair or item.id) < share * 2**31

    return [in_letters(item) if can_spell(item) and drawn(item) else item for item in situations]
