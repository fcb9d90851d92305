"""How far activations moved from the base's on text that has nothing to do with what is looked for.

Narrow training leaves a trace there (Minder et al. 2025, arXiv 2510.13900). So does any training: the number says only
that something is different, and innocent twins say how different is usual.
"""

from caseback.audit.assay import Assay, Examined, both
from caseback.audit.statistic import Statistic, untold
from caseback.behaviours.capability import capability_situations
from caseback.interp.difference.activations import SiteTally
from caseback.interp.difference.in_step import in_step
from caseback.interp.difference.passage import prompts
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site


def _drift(examined: Examined) -> Statistic:
    subject, base = both(examined)
    asked = capability_situations(examined.ground, examined.n, examined.seed)
    middle = Site("resid_post", len(find_decoder(base.model).blocks) // 2)
    tally = SiteTally(str(middle))
    for pair in in_step(base.model, subject.model, prompts(base, asked), [middle], progress=examined.progress):
        tally.add(pair.passage.id, pair.before[middle], pair.after[middle])
    found = tally.difference
    if not found.n:
        return untold("the passages hold too few tokens")
    return Statistic(found.mean_relative, 0.0, len(asked), f"mean difference {found.mean_relative:.1%} of the norm")


DRIFT = Assay("drift", "", "weights", "activations on unrelated text differ from the base's", _drift)
