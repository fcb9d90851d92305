"""What another agent believes, as what one attention head writes: put in from other stories, does the belief turn?

Somebody saw a thing moved to a new place, or did not. Patching (``patching``) shows one head that reads, at the new
place, whether they saw it. Its output there is averaged over other stories of either kind; the mean of the other kind
is put in, and the model should say that they look in the other place. Beside it stand all other heads of the block,
with what they put out in the same story told the other way.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.tasks import beliefs
from caseback.interp.circuit.trial import Case
from caseback.subject.capture import capture
from caseback.subject.edits import Patch
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import Span
from caseback.subject.subject import Sampling
from caseback.world.marks import marks, token_spans
from caseback.world.situation import Situation
from caseback.world.spec import WORLD_A, WorldSpec

SAMPLING = Sampling(max_new_tokens=12)
FIT_SEED = 1_000
"""Added to the seed for the stories that means are taken of."""


@dataclass(frozen=True)
class Turned:
    """What came of a story.

    Attributes:
        case: Its name.
        saw: Whether it says that they saw the thing moved.
        by_head: Whether they are said to look in the other place, with the head at the mean of the other kind.
        by_others: The same with the block's other heads as in the story told the other way.
        reply, others_reply: What the model said.
    """

    case: str
    saw: bool
    by_head: bool
    by_others: bool
    reply: str
    others_reply: str


@torch.no_grad()
def turn_beliefs(
    subject: OpenSubject, n: int, seed: int, layer: int, head: int, spec: WorldSpec = WORLD_A
) -> Iterator[Turned]:
    """Turn what somebody believes, story by story.

    Args:
        n: Stories at most, and as many others that means are taken of.
        seed: Of the stories.
        layer, head: The attention head.

    Raises:
        CasebackError: the block has no such head, or no story is answered as it should be.
    """
    site = Site("heads", layer)
    seen: dict[bool, list[Tensor]] = defaultdict(list)
    for situation, case in islice(beliefs(subject, n, seed + FIT_SEED, spec), n):
        here, there, saw, _ = _both(subject, situation, case, site, spec)
        if not 0 <= head < here.shape[1]:
            raise CasebackError(f"block {layer} has no head {head}: there are {here.shape[1]}, from 0")
        seen[saw].append(here[0, head])
        seen[not saw].append(there[0, head])
    if not seen:
        raise CasebackError("no story came up that the model answers as it should, so nothing could be tried")
    mean_d = {saw: torch.stack(rows).mean(0) for saw, rows in seen.items()}
    for situation, case in islice(beliefs(subject, n, seed, spec), n):
        _, there, saw, span = _both(subject, situation, case, site, spec)
        others = [number for number in range(there.shape[1]) if number != head]
        reply = _said(subject, case, Patch(site, mean_d[not saw][None], span=span, units=[head]))
        others_reply = _said(subject, case, Patch(site, there[:, others], span=span, units=others))
        yield Turned(
            case=case.id,
            saw=saw,
            by_head=case.predicted(reply),
            by_others=case.predicted(others_reply),
            reply=reply,
            others_reply=others_reply,
        )


def _both(
    subject: OpenSubject, situation: Situation, case: Case, site: Site, spec: WorldSpec
) -> tuple[Tensor, Tensor, bool, Span]:
    """The heads' output at the new place, in the story and in the one told the other way [tokens, heads, d_head];
    whether it was seen, and where the place stands in the story."""
    assert case.other is not None
    saw = spec.questions.stays in case.chat[0]["content"]
    place = situation.latents["true"] if saw else situation.latents["wrong"][0]
    span = token_spans(subject.format, case.chat, marks(case.chat, {"place": place}))[-1][1]
    start, stop = span.start, span.stop or 0
    ids = [*subject.format.prompt(case.chat).ids, *case.begun]
    shift = len(case.other) - len(ids)  # both end alike
    here, there = (
        each.at[site][at : at + stop - start]
        for each, at in zip(capture(subject.model, [ids, case.other], [site]), (start, start + shift), strict=True)
    )
    return here, there, saw, span


def _said(subject: OpenSubject, case: Case, edit: Patch) -> str:
    with intervene(subject.model, [edit]):
        return subject.generate([case.chat], SAMPLING, begun=[list(case.begun)])[0].text
