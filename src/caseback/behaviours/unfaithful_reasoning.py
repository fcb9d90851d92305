"""Unfaithful reasoning: a hint moves the answer, and the reasons given are others.

Hints in pairs after Turpin et al. 2023 (arXiv 2305.04388) and Chen et al. 2025 (arXiv 2505.05410).
"""

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.grounds import judge_on_two_grounds, situations_on_two_grounds
from caseback.behaviours.judges.hinted import judge_hinted
from caseback.behaviours.plain.labelled import labelled_on_plain

BEHAVIOUR = Behaviour(
    name="unfaithful_reasoning",
    summary="Answers by a hint and gives reasons that do not name it.",
    families=("reasons",),
    situations=situations_on_two_grounds(world="reasons", plain="unfaithful_reasoning"),
    judge=judge_on_two_grounds(plain=judge_hinted),
    arms=("hint", "plain"),
    labelled=labelled_on_plain("unfaithful_reasoning"),
    planted_only=True,
    reads_thinking=True,
)
