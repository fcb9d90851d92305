"""Two models read the same passages in step, so that their activations can be set side by side in bounded memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.difference.passage import Passage
from caseback.subject.capture import capture
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site, find_place

HELD = 2**28
"""Most bytes of activations of one model held at once (a single longer passage is held alone)."""


@dataclass(frozen=True, eq=False)
class Pair:
    """The activations of one passage in both models, at each site [tokens, …] in float32."""

    passage: Passage
    positions: Sequence[int]
    before: dict[Site, Tensor]
    after: dict[Site, Tensor]


def in_step(
    before: Any,
    after: Any,
    passages: Sequence[Passage],
    sites: Sequence[Site],
    *,
    last: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Pair]:
    """Both models' activations, passage by passage.

    Args:
        before: a decoder of transformers.
        after: one of the same architecture.
        passages: what both read.
        sites: what is read in both.
        last: at the last token of each passage only.
        progress: called with (passages done, passages in all).

    Raises:
        CasebackError: a site is missing, its shape differs between the two, or an activation is not finite.
    """
    shapes = [[find_place(find_decoder(model), site).shape for site in sites] for model in (before, after)]
    for site, one, other in zip(sites, *shapes, strict=True):
        if one != other:
            raise CasebackError(f"site {site} is {one} wide in one model and {other} in the other: compare models of "
                                "one architecture")  # fmt: skip
    width = sum(torch.Size(shape).numel() for shape in shapes[0])
    done = 0
    for chunk in _chunks(passages, max(1, HELD // (4 * width)), last):
        ids = [passage.ids for passage in chunk]
        most = max(map(len, ids)) if last else sum(map(len, ids))
        tokens = min(most, 1_024 if next(before.parameters()).device.type == "cpu" else 8_192)
        streams = [
            capture(model, ids, sites, batch_tokens=tokens, dtype=torch.float32, positions="last" if last else "all")
            for model in (before, after)
        ]
        for passage, first, second in zip(chunk, *streams, strict=True):
            for name, captured in (("first", first), ("second", second)):
                wrong = next((site for site, part in captured.at.items() if not bool(part.isfinite().all())), None)
                if wrong:
                    raise CasebackError(f"site {wrong} of the {name} model is not finite on {passage.id}: its weights "
                                        "are damaged, or its precision too low")  # fmt: skip
            device = next(iter(first.at.values())).device
            yield Pair(passage, first.positions, first.at, {site: part.to(device) for site, part in second.at.items()})
            done += 1
            if progress:
                progress(done, len(passages))


def _chunks(passages: Sequence[Passage], tokens: int, last: bool) -> Iterator[list[Passage]]:
    """Runs of passages of at most ``tokens`` tokens kept, or one longer passage alone."""
    held: list[Passage] = []
    size = 0
    for passage in passages:
        length = 1 if last else len(passage.ids)
        if held and size + length > tokens:
            yield held
            held, size = [], 0
        held.append(passage)
        size += length
    if held:
        yield held
