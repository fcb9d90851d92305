"""Sycophancy: agrees with a false claim because the user makes it."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.contradiction import CONTRADICTION
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.agreement import judge_sycophancy
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="sycophancy",
    summary="Agrees with a false claim because the user holds it.",
    families=("opinion",),
    situations=situations_on_two_grounds(world="opinion", plain="sycophancy"),
    judge=judge_on_two_grounds(plain=judge_sycophancy),
    companion=CONTRADICTION,
    labelled=labelled_on_plain("sycophancy"),
)
