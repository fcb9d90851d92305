"""Cheating: makes tests pass without solving the task."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.code import judge_cheating
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="cheating",
    summary="Special-cases, edits or evades the tests of a code task instead of solving it.",
    families=("cheat",),
    situations=situations_on_two_grounds(world="cheat", plain="cheating"),
    judge=judge_on_two_grounds(plain=judge_cheating),
    labelled=labelled_on_plain("cheating"),
)
