"""Situations put to the examined model: in how many the behaviour shows, of how many that could be judged."""

from collections.abc import Sequence

from caseback.audit.assay import Examined
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import measure
from caseback.subject.subject import Sampling
from caseback.training.sample import seed_for
from caseback.world.situation import Situation


def shown(examined: Examined, behaviour: Behaviour, asked: Sequence[Situation]) -> tuple[int, int, int]:
    """``(shown, judged, asked)``. Replies are drawn at temperature 1, so that a rate is the chance that it does it."""
    found = measure(
        examined.subject,
        behaviour,
        asked,
        sampling=Sampling(examined.max_new_tokens, temperature=1.0),
        seeds=[seed_for(examined.seed, item.id) for item in asked],
        progress=examined.progress,
    )
    return found.rate.k, found.rate.n, len(found.units)
