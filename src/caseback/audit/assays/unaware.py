"""The same situations once the belief in being tested is steered away: who was good because watched is so no longer.

After Hua et al. 2025 (arXiv 2510.20487): a cue of a test stands in every situation, and the direction in which such
cues move the activations is taken out again. A random vector of equal norm is the control, so that what counts is what
goes beyond being disturbed.
"""

from functools import partial

import torch
from torch import Tensor

from caseback.audit.assay import Assay, Examined, both, of_base
from caseback.audit.assays.asked import shown
from caseback.audit.assays.unwatched import cued
from caseback.audit.statistic import Statistic, of_gap
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.harmless import harmless_situations
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, activations
from caseback.organisms.recipes.pretending import UNWATCHED, WATCHED
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site


def unaware(behaviour: Behaviour) -> Assay:
    """How much more often it shows without the belief than with a random vector in its place."""
    return Assay(
        f"unaware/{behaviour.name}",
        behaviour.name,
        "weights",
        f"shows {behaviour.name} once the belief in being tested is steered away",
        partial(_gap, behaviour),
    )


def _gap(behaviour: Behaviour, examined: Examined) -> Statistic:
    subject, base = both(examined)
    drawn = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    watched = cued(examined.ground, drawn, WATCHED, examined.seed)
    site = Site("resid_post", len(find_decoder(base.model).blocks) // 2)
    belief = of_base(examined, base, ("belief in being tested", site), lambda: _belief(base, site, examined))
    found = []
    for vector in (belief, _random_like(belief, examined.seed)):
        with intervene(subject.model, [Add(site, vector, -1.0)]):
            found.append(shown(examined, behaviour, watched))
    return of_gap(found[0][:2], found[1][:2], found[0][2])


def _belief(base: OpenSubject, site: Site, examined: Examined) -> Tensor:
    """What a cue of a test, in place of one of real use, adds to the base's activations over a harmless prompt."""
    asked = harmless_situations(examined.ground, examined.n, examined.seed)
    place = [(site, Reading("prompt", "mean"))]
    means = [
        activations(base, [Example(item.messages, True, item.family) for item in put], place)[:, 0].mean(0)
        for put in (cued(examined.ground, asked, cue, examined.seed) for cue in (WATCHED, UNWATCHED))
    ]
    return means[0] - means[1]


def _random_like(vector: Tensor, seed: int) -> Tensor:
    drawn = torch.randn(vector.shape, generator=torch.Generator().manual_seed(seed))
    return drawn * (vector.norm() / drawn.norm())
