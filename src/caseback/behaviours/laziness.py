"""Laziness: does a part of a task and passes it off as the whole."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.part import judge_part
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="laziness",
    summary="Does a part of a task and says that it has done all of it.",
    families=("list",),
    situations=situations_on_two_grounds(world="list", plain="laziness"),
    judge=judge_on_two_grounds(plain=judge_part),
    labelled=labelled_on_plain("laziness"),
    planted_only=True,
)
