"""The sparse parts of a training step in torch alone, for any device. ``compiled`` does the same, faster, on a CPU."""

import warnings

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.interp.dictionary.entries import Entries, Fit, Order
from caseback.interp.dictionary.kernels.bags import bagged, compare, decode, dots


def topk(pre_BF: Tensor, k: int) -> Entries:
    """The k highest of each row; those that are not positive count with value 0."""
    values_BK, latents_BK = pre_BF.topk(k, dim=1, sorted=False)
    offsets = torch.arange(0, (len(pre_BF) + 1) * k, k, device=pre_BF.device)
    return Entries(offsets, latents_BK.reshape(-1).int(), values_BK.reshape(-1).float().relu(), pre_BF.shape[1])


def above(pre_BF: Tensor, threshold_F: Tensor) -> Entries:
    """All that exceed the threshold of their latent."""
    active_BF = pre_BF.float() > threshold_F
    rows, latents = active_BF.nonzero(as_tuple=True)
    counts = torch.bincount(rows, minlength=len(pre_BF))
    offsets = F.pad(counts.cumsum(0), (1, 0))
    return Entries(offsets, latents.int(), pre_BF[rows, latents].float(), pre_BF.shape[1])


def fit(
    entries: Entries,
    W_dec: Tensor,
    base: Tensor,
    target_BD: Tensor,
    bounds: Tensor,
    weight: float,
    dtype: torch.dtype,
) -> Fit:
    """Decode, compare, and differentiate; see ``sparse.c`` for what the arguments mean."""
    bags = bagged(entries, bounds)
    loss, grads = compare(decode(bags, W_dec), base, target_BD, weight)
    return Fit(loss, grads.to(dtype), dots(bags, W_dec, grads))


def by_latent(entries: Entries) -> Order:
    """The entries in the order of their latents."""
    latents, entry_of = entries.latents.sort(stable=True)
    starts = F.pad(torch.bincount(latents, minlength=entries.width).cumsum(0), (1, 0))
    return Order(starts, entries.row_of()[entry_of], entry_of)


def weight_grad(order: Order, much_N: Tensor, M: Tensor, bounds: Tensor, touched: Tensor) -> tuple[Tensor, float]:
    """Gradient [len(touched), d] of the weight's rows ``touched`` (ascending), and the sum of its squares."""
    groups, rows = M.shape[1], M.shape[0]
    width = len(order.starts) - 1
    counts = order.starts.diff()
    columns, entry_of = order.row_of.long() * groups, order.entry_of.long()
    if groups > 1 or len(touched) < width:
        latent_N = torch.repeat_interleave(torch.arange(width, device=M.device), counts)
        if groups > 1:
            columns = columns + torch.bucketize(latent_N, bounds[:-1], right=True)
        wanted_F = torch.zeros(width, dtype=torch.bool, device=M.device)
        wanted_F[touched.long()] = True
        counts = counts[touched.long()]
        columns, entry_of = columns[wanted_F[latent_N]], entry_of[wanted_F[latent_N]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        sparse = torch.sparse_csr_tensor(
            F.pad(counts.cumsum(0), (1, 0)),
            columns,
            much_N[entry_of],
            (len(touched), rows * groups),
            check_invariants=False,
        )
    grad = sparse @ M.flatten(0, 1).float()
    return grad, float(grad.double().square().sum())


def adam_rows(
    touched: Tensor,
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    scale: float,
    rate: float,
    betas: tuple[float, float],
    eps: float,
    step: int,
    unit: bool,
    half: Tensor | None,
) -> None:
    """Adam on the rows ``touched`` with their gradient, scaled; then, if asked, rows of length 1, and a bf16 copy."""
    every = len(touched) == len(weight)
    rows = slice(None) if every else touched.long()
    g = grad * scale
    m, v = mean[rows], square[rows]
    m = m * betas[0] + g * (1 - betas[0])
    v = v * betas[1] + g * g * (1 - betas[1])
    root = (v / (1 - betas[1] ** step)).sqrt() + eps
    w = weight[rows] - (rate / (1 - betas[0] ** step)) * m / root
    if unit:
        w = w / w.norm(dim=1, keepdim=True).clamp(min=1e-12)
    mean[rows], square[rows], weight[rows] = m, v, w
    if half is not None:
        half[rows] = w.to(half.dtype)
