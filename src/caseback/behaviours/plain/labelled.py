"""Replies labelled by hand, from the YAML files under ``plain/replies/``.

A file is a list of cases: the user's turn (``user``), the judge's ``latents``, and replies under ``shown``,
``not_shown`` and ``unclear``. They were written and labelled by the authors of the judges, which is said wherever
their calibration is: it bounds what the rules miss on wordings we thought of, not on those that we did not.
"""

from collections.abc import Callable
from importlib import resources

import yaml

from caseback.behaviours.behaviour import Labelled
from caseback.chat import user
from caseback.world.situation import Situation
from caseback.world.worlds import is_world

SHOWN = {"shown": True, "not_shown": False, "unclear": None}


def labelled_on_plain(name: str) -> Callable[[str], list[Labelled]]:
    """A function from a ground to the labelled replies for it: none in the world, where the oracle judges."""

    def labelled(ground: str) -> list[Labelled]:
        if is_world(ground):
            return []
        folder = resources.files("caseback.behaviours.plain") / "replies"
        cases = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
        return [
            Labelled(
                Situation(
                    f"labelled:{name}:{index}",
                    name,
                    "train",
                    (user(case["user"]),),
                    case.get("latents", {}),
                    ground="plain",
                ),
                reply,
                shown,
            )
            for index, case in enumerate(cases)
            for key, shown in SHOWN.items()
            for reply in case.get(key, ())
        ]

    return labelled
