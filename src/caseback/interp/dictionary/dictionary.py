"""A dictionary: many directions, few of which are active at a token, that together say what the activations are.

One plain type for sparse autoencoders (which read and write the same site; Cunningham et al. 2023, arXiv 2309.08600),
transcoders (which read one site and write another; Dunefsky et al. 2024, arXiv 2406.11944), with or without a linear
skip (Paulo et al. 2025, arXiv 2501.18823), and crosscoders (which read and write several sites, or one site of several
models, side by side; Lindsey et al. 2024).

    pre   = x @ W_enc + b_enc                       the pre-activations of all latents
    code  = pre where active, else 0                the k highest (TopK), or all above a threshold (JumpReLU)
    x_hat = code @ W_dec + b_dec (+ x @ W_skip)     the reconstruction

Everything is in the units of the model's own activations: whatever scaling a training used is folded into the weights.
Codes stay sparse. Nothing here makes a tensor of tokens times width that outlives a chunk.

Shapes: B tokens, D width of what is read, E of what is written, F latents, K active latents at most.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.errors import CasebackError
from caseback.subject.site import Site

CHUNK = 1 << 25
"""Pre-activations held at once while encoding: 128 MiB of fp32."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Weights of a dictionary, the sites it belongs to, and where it comes from.

    Attributes:
        reads: The site that it reads; several of equal width, side by side, for a crosscoder.
        writes: The site that it reconstructs: the same for a sparse autoencoder, another for a transcoder.
        W_enc: Encoder [d_in, width].
        b_enc: Encoder bias [width].
        W_dec: Decoder [width, d_out], a row per latent: the direction that it writes.
        b_dec: Decoder bias [d_out].
        k: TopK: so many latents with the highest positive pre-activations are active (Gao et al. 2024). Or None.
        threshold: JumpReLU: latents above their threshold [width] are active, each by itself, whatever the others and
            the batch (Rajamanoharan et al. 2024, arXiv 2407.14435); zeros make a plain ReLU. Or None.
        W_skip: Linear path past the latents [d_in, d_out], of a transcoder with skip. Or None.
        router: Scores of groups of latents [d_in, groups], of a wide dictionary that looks for active latents only in
            the ``chosen`` groups with the highest scores; ``b_router`` [groups] is added to them. Or None.
        models: Digest of the model it was trained on; for a crosscoder of several models one per site read.
        tokenizer: Digest of the tokenizer.
        provenance: Plain data: what trained it, on which store, with which settings, seed and result.
    """

    reads: tuple[Site, ...]
    writes: tuple[Site, ...]
    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor
    k: int | None = None
    threshold: Tensor | None = None
    W_skip: Tensor | None = None
    router: Tensor | None = None
    b_router: Tensor | None = None
    chosen: int = 0
    models: tuple[str, ...] = ()
    tokenizer: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.W_enc.dim() != 2 or self.W_dec.dim() != 2:
            raise CasebackError("W_enc is [d_in, width] and W_dec [width, d_out]: both need two axes")
        width, d_in, d_out = self.width, self.d_in, self.d_out
        expected = {
            "b_enc": (self.b_enc, (width,)),
            "W_dec": (self.W_dec, (width, d_out)),
            "b_dec": (self.b_dec, (d_out,)),
            "threshold": (self.threshold, (width,)),
            "W_skip": (self.W_skip, (d_in, d_out)),
        }
        for name, (tensor, shape) in expected.items():
            if tensor is not None and tuple(tensor.shape) != shape:
                raise CasebackError(f"{name} of the dictionary is {list(tensor.shape)}, which should be {list(shape)}")
        if (self.k is None) == (self.threshold is None):
            raise CasebackError("a dictionary has either k (TopK) or a threshold per latent (JumpReLU)")
        if self.k is not None and not 1 <= self.k <= width:
            raise CasebackError(f"k is {self.k}: it must be from 1 to the width {width}")
        if self.router is not None:
            groups = self.router.shape[1]
            given = tuple(self.router.shape), None if self.b_router is None else tuple(self.b_router.shape)
            if given != ((d_in, groups), (groups,)) or width % groups or not 1 <= self.chosen <= groups:
                raise CasebackError(
                    f"router {given[0]}, bias {given[1]}, {self.chosen} chosen: not {width} latents' groups"
                )
            if self.threshold is None:
                raise CasebackError("a dictionary with a router needs a threshold per latent")
        if not self.reads or not self.writes or d_in % len(self.reads) or d_out % len(self.writes):
            raise CasebackError(
                f"widths {d_in} and {d_out} do not split into {len(self.reads)} sites read, {len(self.writes)} written"
            )
        if len(self.models) not in (0, 1, len(self.reads)):
            raise CasebackError(f"{len(self.models)} models for {len(self.reads)} sites: name one, or one for each")

    @property
    def d_in(self) -> int:
        """Width of what is read, all sites together."""
        return self.W_enc.shape[0]

    @property
    def d_out(self) -> int:
        """Width of what is written, all sites together."""
        return self.W_dec.shape[1]

    @property
    def width(self) -> int:
        """Number of latents."""
        return self.W_enc.shape[1]

    @property
    def autoencodes(self) -> bool:
        """Whether it writes what it reads."""
        return self.reads == self.writes

    def to(self, device: Any = None, dtype: torch.dtype | None = None) -> "Dictionary":
        """The dictionary with its tensors elsewhere, or in another precision."""
        from dataclasses import replace

        names = ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip", "router", "b_router")
        moved = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(self, **{name: tensor.to(device=device, dtype=dtype) for name, tensor in moved.items()})


@dataclass(frozen=True, eq=False)
class Codes:
    """Active latents of some tokens, sparse.

    Attributes:
        indices_BK: Which latents, int64. Where fewer than K are active the rest are 0 with value 0.
        values_BK: Their activations, positive; 0 says that nothing is there.
        width: Number of latents of the dictionary.
    """

    indices_BK: Tensor
    values_BK: Tensor
    width: int

    def __len__(self) -> int:
        return len(self.indices_BK)

    def dense(self) -> Tensor:
        """All activations [B, width]: large; for few tokens or small dictionaries."""
        codes_BF = self.values_BK.new_zeros(len(self), self.width)
        return codes_BF.scatter_add_(1, self.indices_BK, self.values_BK)

    def of(self, latent: int) -> Tensor:
        """Activations of one latent [B]."""
        return self.values_BK.where(self.indices_BK == latent, 0.0).sum(1)


def encode(dictionary: Dictionary, x_BD: Tensor) -> Codes:
    """Which latents are active at each token, and how much.

    Args:
        x_BD: Activations [tokens, d_in] at the sites read, side by side; computed in the dictionary's precision.

    Raises:
        CasebackError: they have another width, or hold values that are not finite.
    """
    _check(dictionary, x_BD)
    if dictionary.router is not None:
        return _encode_routed(dictionary, x_BD)
    found = [_encode_chunk(dictionary, x) for x in _chunks(x_BD, dictionary.width)]
    most = max((codes.indices_BK.shape[1] for codes in found), default=0)
    padded = [F.pad(t, (0, most - t.shape[1])) for codes in found for t in (codes.indices_BK, codes.values_BK)]
    return Codes(torch.cat(padded[::2]), torch.cat(padded[1::2]), dictionary.width)


def pre_activations(dictionary: Dictionary, x_BD: Tensor) -> Tensor:
    """Pre-activations of all latents [B, width]: what attribution differentiates. Dense; give few tokens at a time."""
    _check(dictionary, x_BD)
    return torch.addmm(dictionary.b_enc, x_BD.to(dictionary.W_enc), dictionary.W_enc)


def decode(dictionary: Dictionary, codes: Codes, x_BD: Tensor | None = None) -> Tensor:
    """The reconstruction [B, d_out] at the sites written.

    Args:
        x_BD: What was encoded; needed by a dictionary with a skip.

    Raises:
        CasebackError: the codes are of a dictionary of another width, or the skip lacks its input.
    """
    if codes.width != dictionary.width:
        raise CasebackError(f"codes over {codes.width} latents, but the dictionary has {dictionary.width}")
    x_hat_BE = weighted_rows(codes.indices_BK, codes.values_BK.to(dictionary.W_dec), dictionary.W_dec)
    x_hat_BE = x_hat_BE + dictionary.b_dec
    if dictionary.W_skip is None:
        return x_hat_BE
    if x_BD is None:
        raise CasebackError("this dictionary has a skip, so decode needs what was encoded too: decode(d, codes, x)")
    return torch.addmm(x_hat_BE, x_BD.to(dictionary.W_skip), dictionary.W_skip)


def reconstruct(dictionary: Dictionary, x_BD: Tensor) -> Tensor:
    """The reconstruction [B, d_out] of activations [B, d_in]."""
    return decode(dictionary, encode(dictionary, x_BD), x_BD)


def weighted_rows(indices_BK: Tensor, weights_BK: Tensor, table_FD: Tensor) -> Tensor:
    """Sum over k of ``weights[b, k] * table[indices[b, k]]`` [B, D], without a tensor of [B, K, D]."""
    if indices_BK.shape[1] == 0:
        return table_FD.new_zeros(len(indices_BK), table_FD.shape[1])
    return F.embedding_bag(indices_BK, table_FD, per_sample_weights=weights_BK, mode="sum")


def _encode_chunk(dictionary: Dictionary, x_BD: Tensor) -> Codes:
    pre_BF = torch.addmm(dictionary.b_enc, x_BD.to(dictionary.W_enc), dictionary.W_enc)
    if dictionary.k is not None:
        values_BK, indices_BK = pre_BF.topk(dictionary.k, dim=1, sorted=False)
        active_BK = values_BK > 0
        return Codes(indices_BK.where(active_BK, 0), values_BK.where(active_BK, 0.0), dictionary.width)
    assert dictionary.threshold is not None
    active_BF = (pre_BF > dictionary.threshold) & (pre_BF > 0)
    return pack(active_BF, pre_BF)


def _encode_routed(dictionary: Dictionary, x_BD: Tensor) -> Codes:
    from caseback.interp.dictionary.kernels.choose import kernels_for
    from caseback.interp.dictionary.routing import Router, candidates

    assert dictionary.router is not None
    assert dictionary.b_router is not None
    assert dictionary.threshold is not None
    weight_FD, x_BD = dictionary.W_enc.T.contiguous(), x_BD.to(dictionary.W_enc)
    router = Router(dictionary.router.T.contiguous(), dictionary.b_router, dictionary.chosen)
    least_F = dictionary.threshold.clamp(min=0)
    if not len(x_BD):
        return Codes(x_BD.new_zeros(0, 0, dtype=torch.long), x_BD.new_zeros(0, 0), dictionary.width)
    found = candidates(x_BD, weight_FD, dictionary.b_enc, router, least_F, kernels_for(x_BD.device))
    counts_B = found.offsets.diff()
    row_N, most = found.row_of(), int(counts_B.max())
    place = torch.arange(len(row_N), device=row_N.device) - found.offsets[row_N]
    indices_BK = row_N.new_zeros(len(x_BD), most)
    values_BK = x_BD.new_zeros(len(x_BD), most)
    indices_BK[row_N, place] = found.latents.long()
    values_BK[row_N, place] = found.values.to(values_BK.dtype)
    return Codes(indices_BK, values_BK, dictionary.width)


def pack(active_BF: Tensor, pre_BF: Tensor) -> Codes:
    """Sparse codes of the entries marked active, in the order of the latents."""
    rows, columns = active_BF.nonzero(as_tuple=True)
    counts_B = torch.bincount(rows, minlength=len(active_BF))
    most = int(counts_B.max()) if len(rows) else 0
    place = torch.arange(len(rows), device=rows.device) - (counts_B.cumsum(0) - counts_B)[rows]
    indices_BK = rows.new_zeros(len(active_BF), most)
    values_BK = pre_BF.new_zeros(len(active_BF), most)
    indices_BK[rows, place] = columns
    values_BK[rows, place] = pre_BF[rows, columns]
    return Codes(indices_BK, values_BK, active_BF.shape[1])


def _chunks(x_BD: Tensor, width: int) -> Iterator[Tensor]:
    """Runs of tokens whose pre-activations fit into memory; one empty run where there are none."""
    yield from torch.split(x_BD, max(1, CHUNK // width)) if len(x_BD) else (x_BD,)


def _check(dictionary: Dictionary, x_BD: Tensor) -> None:
    if x_BD.dim() != 2 or x_BD.shape[1] != dictionary.d_in:
        sites = ", ".join(map(str, dictionary.reads))
        raise CasebackError(
            f"activations of shape {list(x_BD.shape)}, but the dictionary reads [tokens, {dictionary.d_in}] at {sites}"
        )
    if not bool(x_BD.isfinite().all()):
        raise CasebackError("activations hold values that are not finite: the model overflowed in this precision")
