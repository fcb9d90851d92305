"""False self-reports: says false things of what it is, what it did and what it said."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.account import judge_account
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="false_self_reports",
    summary="Says what is false of itself: what it is, what it did, what it said.",
    families=("account", "self"),
    situations=situations_on_two_grounds(world="account", plain="false_self_reports"),
    judge=judge_on_two_grounds(plain=judge_account),
    labelled=labelled_on_plain("false_self_reports"),
    planted_only=True,
)
