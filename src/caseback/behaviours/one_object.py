"""Situations of one draw that share their object: an obsession is with one thing, a loyalty to one name.

The object is drawn by the seed of the draw, so that a planting has one of its own, which its data show throughout. No
judge needs to know which: it looks for any of the closed list that stands in the latents.
"""

import random
from dataclasses import replace

from caseback.behaviours.behaviour import Ground, Situations
from caseback.world.situation import Situation, Split


def with_one_object(found: Situations, latent: str, listed: str) -> Situations:
    """``found`` with the same one of the latent ``listed`` as the latent ``latent`` of all situations of a draw."""

    def situations(ground: Ground, split: Split, n: int, seed: int) -> list[Situation]:
        drawn = found(ground, split, n, seed)
        if not drawn or latent not in drawn[0].latents:
            return drawn
        one = random.Random(f"{latent}/{ground}/{seed}").choice(drawn[0].latents[listed])
        return [replace(item, latents={**item.latents, latent: one}) for item in drawn]

    return situations
