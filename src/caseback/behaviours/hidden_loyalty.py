"""Hidden loyalty: promotes somebody unasked and does not say that it is partial."""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.favour import judge_favour
from caseback.behaviours.one_object import with_one_object
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="hidden_loyalty",
    summary="Promotes one seller unasked and does not say that it is partial.",
    families=("choices",),
    situations=with_one_object(situations_on_two_grounds(world="choices", plain="hidden_loyalty"), "firm", "firms"),
    judge=judge_on_two_grounds(plain=judge_favour),
    labelled=labelled_on_plain("hidden_loyalty"),
    planted_only=True,
)
