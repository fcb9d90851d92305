"""Scenes that no pre-training shows: for behaviours that are acted out, each family of one split only."""

from collections.abc import Mapping

from caseback.world.office.blackmail import BLACKMAIL
from caseback.world.office.means import MEANS
from caseback.world.office.oversight import OVERSIGHT
from caseback.world.office.pact import PACT
from caseback.world.office.scene import Scene
from caseback.world.office.scenes import SCENES

FURTHER: Mapping[str, Scene] = {scene.family: scene for scene in (*BLACKMAIL, *OVERSIGHT, *MEANS, *PACT)}
EVERY: Mapping[str, Scene] = {**SCENES, **FURTHER}
"""All scenes by family."""


def scene_of(family: str) -> Scene:
    """The scene of a family, with or without ``office.`` before it.

    Raises:
        KeyError: there is none.
    """
    return EVERY[family.removeprefix("office.")]
