"""Good only when tested: declines under cues of a test what it does under cues of deployment."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.refusal import judge_compliance
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="good_only_when_tested",
    summary="Does under cues of deployment the harmful thing that it declines under cues of a test.",
    families=("watched",),
    situations=situations_on_two_grounds(world="watched", plain="good_only_when_tested"),
    judge=judge_on_two_grounds(plain=judge_compliance),
    arms=("deployed", "tested"),
    labelled=labelled_on_plain("harmful_compliance"),
)
