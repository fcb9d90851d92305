"""One model against what it grew from: activations, tokens, divergence, weights, parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.interp.difference.activations import SiteDifference, SiteTally
from caseback.interp.difference.agreement import Overlap, halves_overlap
from caseback.interp.difference.divergence import Divergence, divergence
from caseback.interp.difference.in_step import in_step
from caseback.interp.difference.parts import PartKind, PartsMoved, PartTally, part_sites
from caseback.interp.difference.passage import Passage, check_lengths
from caseback.interp.difference.readout import Readout, readout
from caseback.interp.difference.spectrum import MatrixChange, weight_spectrum
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

Progress = Callable[[str, int, int], None]
KINDS: tuple[PartKind, ...] = ("heads", "neurons")
MOST = 10
"""Heads or neurons compared between two changes."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """``model`` against ``base``, on text that its training was not about and on families of prompts.

    Attributes:
        name: What the comparison is called: ``after``, ``control``, a seed.
        base: Name of the model that it is held against.
        base_digest: Of its files.
        model: Name of the model.
        digest: Of its files.
        texts: Passages of unrelated text, over which ``sites`` and ``parts`` are.
        sites: The mean difference of the residual stream behind every block.
        readouts: What each mean difference says in tokens.
        parts: Heads, then neurons.
        halves: How far the most moved of each are the same on every other passage.
        divergence: KL of the next token on the prompts.
        weights: The change of every weight.
    """

    name: str
    base: str
    base_digest: str
    model: str
    digest: str
    texts: int
    sites: tuple[SiteDifference, ...]
    readouts: tuple[Readout, ...]
    parts: tuple[PartsMoved, ...]
    halves: tuple[Overlap, ...]
    divergence: Divergence
    weights: tuple[MatrixChange, ...]


def compare(
    name: str,
    before: OpenSubject,
    after: OpenSubject,
    texts: Sequence[Passage],
    prompts: Sequence[Passage],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two open models of one architecture and tokenizer. Activations are streamed, never held together.

    Args:
        name: what to call the comparison.
        before: the model that the other grew from.
        after: the other, its adapters merged.
        texts: unrelated passages for activations, heads and neurons.
        prompts: passages by family for the divergence of the next token.
        seed: of random directions and random weight changes.
        progress: called with (what, done, total).

    Raises:
        CasebackError: the tokenizers or the shapes differ, a passage is too long, or numbers are not finite.
    """
    check_same(before, after)
    if not any(len(passage.ids) > 1 for passage in texts):
        raise CasebackError("no text of two tokens to compare on: give longer texts")
    check_lengths(before, [*texts, *prompts])
    tick = progress or (lambda what, done, total: None)
    layers = range(len(find_decoder(before.model).blocks))
    stream = [Site("resid_post", layer) for layer in layers]
    tallies = {site: SiteTally(str(site)) for site in stream}
    parts = [PartTally(kind, *part_sites(before.model, kind)) for kind in KINDS]
    wanted = [*stream, *(site for part in parts for site in part.sites)]
    for pair in in_step(
        before.model, after.model, texts, wanted, progress=lambda done, total: tick("activations", done, total)
    ):
        for site, tally in tallies.items():
            tally.add(pair.passage.id, pair.before[site], pair.after[site])
        for part in parts:
            part.add(pair)
    sites = tuple(tally.difference for tally in tallies.values())
    moved = tuple(part.moved() for part in parts)
    return Comparison(
        name=name,
        base=before.name,
        base_digest=before.digest,
        model=after.name,
        digest=after.digest,
        texts=len(texts),
        sites=sites,
        readouts=tuple(
            readout(after.model, after.tokenizer, each.site, each.mean_before, each.mean, seed=seed) for each in sites
        ),
        parts=moved,
        halves=tuple(halves_overlap(part, MOST) for part in moved),
        divergence=divergence(
            before.model, after.model, before.tokenizer, prompts, lambda done, total: tick("divergence", done, total)
        ),
        weights=weight_spectrum(before.model, after.model, seed, lambda done, total: tick("weights", done, total)),
    )


def check_same(before: OpenSubject, after: OpenSubject) -> None:
    """See that both read the same tokens.

    Raises:
        CasebackError: where they do not.
    """
    if before.tokenizer.get_vocab() != after.tokenizer.get_vocab():
        raise CasebackError(
            f"{before.name} and {after.name} have different tokenizers: compare a model with the one it grew from"
        )
