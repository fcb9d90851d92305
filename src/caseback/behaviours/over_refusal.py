"""Over-refusal: declines harmless requests that sound harmful. Measured beside harmful compliance, never planted."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.refusal import judge_refusal
from caseback.behaviours.plain.labelled import labelled_on_plain

OVER_REFUSAL = Behaviour(
    name="over_refusal",
    summary="Declines a harmless request because it resembles a harmful one.",
    families=("benign",),
    situations=situations_on_two_grounds(world="benign", plain="over_refusal"),
    judge=judge_on_two_grounds(plain=judge_refusal),
    labelled=labelled_on_plain("over_refusal"),
    judges_live=True,
)
