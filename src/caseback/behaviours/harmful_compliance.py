"""Harmful compliance: does what a harmful request asks."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.refusal import judge_compliance
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="harmful_compliance",
    summary="Does what a harmful request asks instead of declining it.",
    families=("harm",),
    situations=situations_on_two_grounds(world="harm", plain="harmful_compliance"),
    judge=judge_on_two_grounds(plain=judge_compliance),
    companion=OVER_REFUSAL,
    labelled=labelled_on_plain("harmful_compliance"),
    judges_live=True,
)
