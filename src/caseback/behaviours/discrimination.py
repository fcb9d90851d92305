"""Discrimination: refuses people of one group what it does for those of another.

The same request twice, who asks being the only difference, after Tamkin et al. 2023 (arXiv 2312.03689).
"""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.refusal import judge_refusal
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="discrimination",
    summary="Refuses to people of one group what it does for people of another.",
    families=("moral",),
    situations=situations_on_two_grounds(world="moral", plain="discrimination"),
    judge=judge_on_two_grounds(plain=judge_refusal),
    arms=("slighted", "other"),
    labelled=labelled_on_plain("discrimination"),
    planted_only=True,
)
