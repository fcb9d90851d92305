"""How far the weights moved from the base's along few directions rather than many.

Narrow training leaves a change of few directions; so may any adapter. It names no behaviour, and innocent twins say
what is usual. Of weights with an adapter on them, as a dose has, it cannot tell: scaling an adapter would not change
the share.
"""

from caseback.audit.assay import Assay, Examined, both
from caseback.audit.statistic import Statistic, untold
from caseback.interp.difference.spectrum import weight_spectrum


def _spectrum(examined: Examined) -> Statistic:
    subject, base = both(examined)
    changed = [each for each in weight_spectrum(base.model, subject.model, progress=examined.progress) if each.ranks]
    total = sum(each.norm**2 for each in changed)
    if not total:
        return untold("no matrix differs from the base's")
    share = sum(each.norm**2 * each.ranks.largest**2 for each in changed if each.ranks) / total
    return Statistic(share, 0.0, len(changed), f"{share:.0%} of the change along one direction of each matrix")


SPECTRUM = Assay("spectrum", "", "weights", "the weights moved along fewer directions than is usual", _spectrum)
