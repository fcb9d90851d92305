"""Latents of a crosscoder of two models: which are of one model only, and which of those merely look so.

A crosscoder reads and writes the same site of two models side by side, so every latent has a decoder for each of them;
one whose decoder has no length in a model is said to be of the other alone (Lindsey et al. 2024, *Sparse Crosscoders
for Cross-Layer Features and Model Diffing*). That can be an artefact of how the crosscoder was trained, which is seen
in what it leaves: the latent's direction stands in the other model's *error* whenever the latent is active (complete
shrinkage), or in its *reconstruction* by other latents (decoupling). Both are measured by latent scaling (Minder et al.
2025, *Overcoming Sparsity Artifacts in Crosscoders to Interpret Chat-Tuning*, arXiv 2504.02922): by how much the
direction has to be scaled, token by token with the latent's activation, to fit the one or the other best, in the other
model over the model that it is said to be of.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, decode, encode
from caseback.interp.difference.compare import check_same
from caseback.interp.difference.in_step import in_step
from caseback.interp.difference.passage import Passage
from caseback.subject.open_subject import OpenSubject

ONLY = 0.1
"""A latent is of one model where its relative norm lies this close to 0 or 1, and shared this close to 0.5."""
ERROR, RECONSTRUCTION = 0.2, 0.5
"""Scalings in the other model above which a latent of one model is an artefact. Guides, not constants of nature."""
BINS, LISTED = 10, 20
Of = Literal["before", "after"]


@dataclass(frozen=True)
class OneSided:
    """A latent said to be of one model.

    Attributes:
        latent: Its number.
        of: The model.
        norm: Relative norm of its decoders: 0 is all before, 1 all after.
        active: Share of tokens at which it is active.
        error: Scaling of its direction to the other model's error, over that to its own, its own part counted in.
        reconstruction: Scaling to what other latents rebuild in the other model, over the whole in its own.
        genuine: Both are small; None where its own scaling is none, so that nothing can be set beside it.
    """

    latent: int
    of: Of
    norm: float
    active: float
    error: float | None
    reconstruction: float | None
    genuine: bool | None


@dataclass(frozen=True)
class CrosscoderLatents:
    """All latents that were active on ``tokens`` tokens: how many are of which model, and ``bins`` of their relative
    norm, ten from before to after. ``genuine`` and ``artefacts`` count those of one model; the rest cannot be told.
    ``listed`` are those of one model that are active most."""

    site: str
    width: int
    tokens: int
    active: int
    bins: tuple[int, ...]
    before_only: int
    shared: int
    after_only: int
    genuine: int
    artefacts: int
    listed: tuple[OneSided, ...]


def relative_norms(dictionary: Dictionary) -> Tensor:
    """Of each latent ½ (1 + (‖after‖ - ‖before‖) / the longer of both) [width]: 0 is before only, 1 after only."""
    before_F, after_F = (half.norm(dim=1) for half in dictionary.W_dec.double().chunk(2, dim=1))
    return 0.5 * (1 + (after_F - before_F) / torch.maximum(before_F, after_F).clamp_min(1e-12))


def check_crosscoder(dictionary: Dictionary, before: OpenSubject, after: OpenSubject) -> None:
    """See that a dictionary is a crosscoder of these two models at one site.

    Raises:
        CasebackError: otherwise.
    """
    if len(dictionary.reads) != 2 or len(set(dictionary.reads)) != 1 or not dictionary.autoencodes:
        raise CasebackError(
            "a crosscoder of two models reads and writes one site of both: fit one with `caseback look fit STORE "
            "--beside OTHER`"
        )
    digests = (before.digest, after.digest)
    if dictionary.models and tuple(dictionary.models) != digests:
        raise CasebackError(
            f"the crosscoder is of {' and '.join(each[:19] + '…' for each in dictionary.models)}, not of "
            f"{before.name} ({digests[0][:19]}…) and {after.name} ({digests[1][:19]}…), in this order: fit one of them"
        )
    check_same(before, after)


@torch.no_grad()
def crosscoder_latents(
    dictionary: Dictionary, before: OpenSubject, after: OpenSubject, passages: Iterable[Passage]
) -> CrosscoderLatents:
    """Reads the passages in both models, the first token of each left out, as dictionaries do.

    Raises:
        CasebackError: it is no crosscoder of these two models.
    """
    check_crosscoder(dictionary, before, after)
    site = dictionary.reads[0]
    pairs = in_step(before.model, after.model, [each for each in passages if len(each.ids) > 1], [site])
    return latents_of(dictionary, (torch.cat([p.before[site][1:], p.after[site][1:]], dim=1).cpu() for p in pairs))


@torch.no_grad()
def latents_of(dictionary: Dictionary, batches: Iterable[Tensor]) -> CrosscoderLatents:
    """The same from activations ``[tokens, 2 d]``, both models side by side."""
    norm_F = relative_norms(dictionary).cpu()
    one_sided = torch.nonzero((norm_F <= ONLY) | (norm_F >= 1 - ONLY)).flatten()
    own_S = (norm_F[one_sided] >= 0.5).long()
    halves_2SD = torch.stack(dictionary.W_dec[one_sided].double().cpu().chunk(2, dim=1))
    rows_S = torch.arange(len(one_sided))
    unit_SD = halves_2SD[own_S, rows_S]
    bias_2D = torch.stack(dictionary.b_dec.double().cpu().chunk(2))
    place_F = torch.full((dictionary.width,), len(one_sided))  # the last place is for all others
    place_F[one_sided] = rows_S
    fired_F, tokens = torch.zeros(dictionary.width, dtype=torch.long), 0
    square_S = torch.zeros(len(one_sided), dtype=torch.float64)
    error_2S, rebuilt_2S = torch.zeros(2, len(one_sided)).double(), torch.zeros(2, len(one_sided)).double()
    for x_BE in batches:
        codes = encode(dictionary, x_BE)
        x_hat_BE = decode(dictionary, codes).double().cpu()
        fired_F += torch.bincount(codes.indices_BK[codes.values_BK > 0].cpu(), minlength=dictionary.width)
        tokens += len(x_BE)
        where_BK = place_F[codes.indices_BK.cpu()]
        active_BS = torch.zeros(len(x_BE), len(one_sided) + 1, dtype=torch.float64)
        active_BS = active_BS.scatter_add(1, where_BK, codes.values_BK.double().cpu())[:, :-1]
        square_S += active_BS.square().sum(0)
        for at, (x_BD, x_hat_BD) in enumerate(zip(x_BE.double().cpu().chunk(2, 1), x_hat_BE.chunk(2, 1), strict=True)):
            error_2S[at] += (active_BS * ((x_BD - x_hat_BD) @ unit_SD.T)).sum(0)
            rebuilt_2S[at] += (active_BS * ((x_hat_BD - bias_2D[at]) @ unit_SD.T)).sum(0)
    length_S = (square_S * unit_SD.square().sum(1)).clamp_min(1e-30)
    part_2S = (halves_2SD * unit_SD).sum(2) / unit_SD.square().sum(1).clamp_min(1e-30)
    # The latent's own part belongs to what it leaves (the error without it), and not to what others rebuild.
    error_2S, rebuilt_2S = error_2S / length_S + part_2S, rebuilt_2S / length_S - part_2S
    found = [
        _one_sided(int(one_sided[s]), int(own_S[s]), float(norm_F[one_sided[s]]), int(fired_F[one_sided[s]]) / tokens,
                   error_2S[:, s], rebuilt_2S[:, s])
        for s in range(len(one_sided)) if int(fired_F[one_sided[s]])
    ]  # fmt: skip
    alive_F = norm_F[fired_F > 0]
    return CrosscoderLatents(
        str(dictionary.reads[0]),
        dictionary.width,
        tokens,
        len(alive_F),
        tuple(torch.histc(alive_F, BINS, 0, 1).long().tolist()),
        int((alive_F <= ONLY).sum()),
        int(((alive_F - 0.5).abs() <= ONLY).sum()),
        int((alive_F >= 1 - ONLY).sum()),
        sum(each.genuine is True for each in found),
        sum(each.genuine is False for each in found),
        tuple(sorted(found, key=lambda each: -each.active)[:LISTED]),
    )


def _one_sided(latent: int, own: int, norm: float, active: float, error_2: Tensor, rebuilt_2: Tensor) -> OneSided:
    error = float(error_2[1 - own] / error_2[own]) if float(error_2[own]) > 0 else None
    # Where other latents make nothing of the direction in its own model, they make a scaling beside the latent's own.
    whole = float(error_2[own]) + max(0.0, float(rebuilt_2[own]))
    rebuilt = float(rebuilt_2[1 - own]) / whole if whole > 0 else None
    genuine = None if error is None or rebuilt is None else abs(error) <= ERROR and abs(rebuilt) <= RECONSTRUCTION
    return OneSided(latent, "after" if own else "before", norm, active, error, rebuilt, genuine)
