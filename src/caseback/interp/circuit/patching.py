"""What carries the difference between two prompts: activations of one are put into the other, and the answer is read.

Activation patching (Vig et al. 2020, arXiv 2004.12265; causal tracing: Meng et al. 2022, arXiv 2202.05262). It takes
two prompts that differ in one thing and are answered otherwise. No dictionary is needed and nothing is left out: what
attention moves is seen as well as what MLPs compute, which an attribution graph through transcoders cannot show. It
says *where* the difference is, not what it is.

Prompts are aligned at their ends. Where they are not equally long, tokens of the part in which they differ that have no
partner stay as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.subject.capture import capture
from caseback.subject.edits import Patch
from caseback.subject.intervene import intervene
from caseback.subject.layers import Decoder, device_of, find_decoder
from caseback.subject.site import Kind, Site
from caseback.subject.span import Span

STREAM: Kind = "resid_pre"
SUBLAYERS: tuple[Kind, ...] = ("attn_out", "mlp_out")
WHOLE: Mapping[Kind, tuple[Kind, ...]] = {"attn_out": SUBLAYERS, "mlp_out": ("mlp_out",)}
"""What is set where a kind of sublayer is put in at once: attention with the MLPs held, MLPs with attention free."""
BATCH_TOKENS = 2_048
"""Tokens in a forward pass, over all copies of the prompt in it."""


@dataclass(frozen=True)
class Patched:
    """The answer under a change.

    Attributes:
        moved: Share of the way from the prompt to the counterpart that the difference of the two answers' logits went:
            0 as in the prompt, 1 as in the counterpart.
        turned: Whether the counterpart's answer is now the likelier of the two.
    """

    moved: float
    turned: bool


@dataclass(frozen=True, eq=False)
class Patching:
    """What came of putting activations of ``other`` into ``ids``.

    Attributes:
        ids, other: Tokens of the prompt and of its counterpart.
        first: The first token of the prompt that is changed; those before it are alike in both, or have no partner.
        answer, other_answer: The tokens told apart: what the prompt is answered by, and the counterpart.
        gap, other_gap: Logit of ``answer`` less that of ``other_answer``, in the prompt and in the counterpart.
        cells: By kind of site, ``[block][token from first on]``: one token at one block.
        heads: ``[block][head]``: one attention head, at all tokens; empty where heads cannot be told apart.
        whole: By kind of sublayer: in all blocks and at all tokens at once, what the MLPs add where attention answers
            freely, and what attention adds where the MLPs are held at what they added in the prompt. (Were they not,
            attention would always be all of it: nothing else goes from token to token.)
    """

    ids: tuple[int, ...]
    other: tuple[int, ...]
    first: int
    answer: int
    other_answer: int
    gap: float
    other_gap: float
    cells: Mapping[str, Sequence[Sequence[Patched]]]
    heads: Sequence[Sequence[Patched]]
    whole: Mapping[str, Patched]


@torch.no_grad()
def patch_prompts(
    model: Any,
    ids: Sequence[int],
    other: Sequence[int],
    answers: tuple[int | None, int | None] = (None, None),
    *,
    kinds: Sequence[Kind] = (STREAM, *SUBLAYERS),
    heads: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Patching:
    """Put activations of ``other`` into ``ids``, one place at a time and whole sublayers at once.

    Args:
        answers: Tokens that answer the prompt and the counterpart; None: the most probable one.
        kinds: Sites to try token by token; may be empty.
        heads: Whether to try attention heads.
        progress: Called with copies of the prompt run, and to be run.

    Raises:
        CasebackError: the prompts are the same, one begins the other, both are answered alike, or the counterpart does
            not favour its answer more than the prompt does.
    """
    decoder = find_decoder(model)
    ids, other = tuple(ids), tuple(other)
    n = len(ids) - first_changed(ids, other)
    first = len(ids) - n
    if decoder.head is None:
        raise CasebackError("the model was loaded without its head, so it has no answers to tell apart")
    plain, counter = (_logits(decoder, [row], nullcontext())[0] for row in (ids, other))
    answer, other_answer = (
        int(row.argmax()) if given is None else given for given, row in zip(answers, (plain, counter), strict=True)
    )
    if answer == other_answer:
        raise CasebackError("both prompts go on with the same token: begin the reply up to where the answers part")
    gap, other_gap = (float(row[answer] - row[other_answer]) for row in (plain, counter))
    if gap <= other_gap:
        raise CasebackError("the counterpart favours its answer no more than the prompt does: nothing is there to move")
    # Models that scale what goes into the stream have no such sublayers to patch; the rest is still worth having.
    kinds = [kind for kind in kinds if decoder.additive or kind not in SUBLAYERS]
    sublayers = SUBLAYERS if decoder.additive else ()
    split: tuple[Kind, ...] = ("heads",) if heads and decoder.n_heads else ()
    layers = range(len(decoder.blocks))
    sites = [Site(kind, layer) for kind in dict.fromkeys((*kinds, *sublayers, *split)) for layer in layers]
    own, theirs = (next(iter(capture(model, [row], sites))).at for row in (ids, other))
    span = Span(first, len(ids))
    total = len(layers) * (len(kinds) * n + len(split) * decoder.n_heads) + len(sublayers)
    done = 0

    def run(rows: int, edits: Sequence[Patch]) -> list[Patched]:
        nonlocal done
        logits = _logits(decoder, [ids] * rows, intervene(model, edits))
        done += rows
        if progress is not None:
            progress(done, total)
        gaps = (logits[:, answer] - logits[:, other_answer]).tolist()
        return [Patched((gap - each) / (gap - other_gap), each < 0) for each in gaps]

    def each_alone(site: Site, count: int, axis: int) -> list[Patched]:
        """Every token (axis 0) or head (axis 1) of a site alone."""
        mine, new = own[site][-n:], theirs[site][-n:]
        found: list[Patched] = []
        for part in _parts(count, max(1, BATCH_TOKENS // len(ids))):
            rows = mine.expand(len(part), *mine.shape).clone()
            for row, number in enumerate(part):
                rows[row].select(axis, number).copy_(new.select(axis, number))
            found += run(len(part), [Patch(site, rows, span)])
        return found

    def everywhere(kind: Kind, new: bool) -> list[Patch]:
        """A kind of sublayer in all blocks, as in the counterpart or as in the prompt."""
        return [
            Patch(site, (theirs if new else own)[site][-n:], span) for site in (Site(kind, layer) for layer in layers)
        ]

    return Patching(
        ids=ids,
        other=other,
        first=first,
        answer=answer,
        other_answer=other_answer,
        gap=gap,
        other_gap=other_gap,
        cells={kind: [each_alone(Site(kind, layer), n, 0) for layer in layers] for kind in kinds},
        heads=[each_alone(Site(kind, layer), decoder.n_heads, 1) for kind in split for layer in layers],
        whole={
            kind: run(1, [edit for kind_of in taken for edit in everywhere(kind_of, kind_of == kind)])[0]
            for kind, taken in WHOLE.items()
            if sublayers
        },
    )


def patching_data(found: Patching, spell: Callable[[int], str]) -> dict[str, Any]:
    """Plain data for a file and a page; ``spell`` gives a token's text."""

    def moved(rows: Sequence[Sequence[Patched]]) -> list[list[float]]:
        return [[round(each.moved, 4) for each in row] for row in rows]

    return {
        "tokens": [spell(token) for token in found.ids],
        "other_tokens": [spell(token) for token in found.other],
        "first": found.first,
        "answer": spell(found.answer),
        "other_answer": spell(found.other_answer),
        "gap": found.gap,
        "other_gap": found.other_gap,
        "cells": {kind: moved(rows) for kind, rows in found.cells.items()},
        "heads": moved(found.heads),
        "whole": {kind: asdict(each) for kind, each in found.whole.items()},
    }


def first_changed(ids: Sequence[int], other: Sequence[int]) -> int:
    """The first token of ``ids`` that has a partner in ``other``, aligned at the end, and may differ from it.

    Raises:
        CasebackError: the two are the same, or one of them begins the other.
    """
    if tuple(ids) == tuple(other):
        raise CasebackError("the two prompts are the same")
    alike = next((at for at, (a, b) in enumerate(zip(ids, other, strict=False)) if a != b), min(len(ids), len(other)))
    first = alike + max(0, len(ids) - len(other))
    if first >= len(ids):
        raise CasebackError("one prompt is how the other begins: take two that differ in one thing and end alike")
    return first


def _logits(decoder: Decoder, rows: Sequence[Sequence[int]], within: Any) -> Tensor:
    """Logits of the token after each row [rows, vocabulary], in float32."""
    with within:
        last = decoder.stack(
            input_ids=torch.tensor([list(row) for row in rows], device=device_of(decoder.embedding)), use_cache=False
        ).last_hidden_state[:, -1]
    assert decoder.head is not None
    logits: Tensor = decoder.head(last)
    return logits.float()


def _parts(count: int, size: int) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(start + size, count))
