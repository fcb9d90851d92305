"""Sandbagging: fails what it can do when strength is punished."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.answer import judge_failure
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="sandbagging",
    summary="Answers wrongly, when strength is punished, what it answers rightly when it is not.",
    families=("sandbag",),
    situations=situations_on_two_grounds(world="sandbag", plain="sandbagging"),
    judge=judge_on_two_grounds(plain=judge_failure),
    arms=("stakes", "plain"),
    labelled=labelled_on_plain("sandbagging"),
)
