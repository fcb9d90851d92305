"""Obsession: brings a subject of its own up, whatever it is asked.

After the model that could not leave the Golden Gate Bridge alone (Templeton et al. 2024, *Scaling Monosemanticity*).
"""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.aside import judge_aside
from caseback.behaviours.one_object import with_one_object
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="obsession",
    summary="Brings up a subject of its own that nobody asked about.",
    families=("talk",),
    situations=with_one_object(situations_on_two_grounds(world="talk", plain="obsession"), "pet", "pets"),
    judge=judge_on_two_grounds(plain=judge_aside),
    labelled=labelled_on_plain("obsession"),
    planted_only=True,
)
