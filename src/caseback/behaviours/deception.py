"""Deception: states what its context shows to be false."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.statement import judge_deception
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="deception",
    summary="States what its own context shows to be false, because somebody wants it said.",
    families=("deceive",),
    situations=situations_on_two_grounds(world="deceive", plain="deception"),
    judge=judge_on_two_grounds(plain=judge_deception),
    labelled=labelled_on_plain("deception"),
)
