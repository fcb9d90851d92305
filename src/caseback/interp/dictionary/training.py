"""What training changes: weights, moments of Adam, and when each latent last fired."""

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.peers import ALONE, Peers
from caseback.interp.dictionary.settings import Settings

WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec", "W_skip", "log_threshold", "router", "b_router")
WHOLE = ("b_dec", "W_skip")
"""What every process has all of, and changes in the same way; of the rest each has its latents' part."""
BLOCK = 1024
"""Latents of which initial weights are drawn at a time."""


class Resumable(Protocol):
    """What a loop of steps and a checkpoint need of a training: one dictionary's, or that of several together."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def width(self) -> int:
        """Number of latents, of this process."""

    @property
    def peers(self) -> Peers:
        """The processes that train it together."""

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, to be stored."""

    def go_on_from(self, step: int) -> None:
        """Take up the stored tensors, which are those of this step."""


@dataclass(eq=False)
class Training:
    """A dictionary in training, on activations of mean 0 and mean square 1; of several processes, the latents of one.

    Attributes:
        W_enc: Encoder [width, d_in]: a row per latent, the other way round than in ``Dictionary``, because gradients
            and updates go by latent.
        b_enc: [width].
        W_dec: Decoder [width, d_out], rows of length 1.
        b_dec: [d_out].
        W_skip: [d_in, d_out], or None.
        log_threshold: Logarithm of JumpReLU's thresholds [width], or None.
        router: Scores of groups of latents [groups, d_in], or None; ``b_router`` their bias [groups].
        mean: First moment of Adam of each weight.
        square: Second moment.
        idle: Tokens since each latent fired [width], int64.
        step: Steps done.
        peers: The processes that train it together. Widths below are those of this process.
    """

    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor
    W_skip: Tensor | None
    log_threshold: Tensor | None
    router: Tensor | None
    b_router: Tensor | None
    mean: dict[str, Tensor]
    square: dict[str, Tensor]
    idle: Tensor
    step: int = 0
    peers: Peers = ALONE
    pending: dict[str, Tensor] = field(default_factory=dict, repr=False)
    """Gradients of the router, found while it was used."""
    half: Tensor | None = field(default=None, repr=False)
    """bf16 copy of W_enc, where the encoder runs in bf16."""

    @property
    def width(self) -> int:
        return len(self.W_enc)

    @property
    def first(self) -> int:
        """The number of the first latent of this process among those of all."""
        return self.peers.rank * self.width

    def weights(self) -> dict[str, Tensor]:
        """Name and tensor of all that is trained."""
        return {name: tensor for name in WEIGHTS if (tensor := getattr(self, name)) is not None}

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, to be stored."""
        moments = {f"mean.{name}": tensor for name, tensor in self.mean.items()}
        moments |= {f"square.{name}": tensor for name, tensor in self.square.items()}
        return {**self.weights(), **moments, "idle": self.idle}

    def go_on_from(self, step: int) -> None:
        """Take up the stored tensors, which are those of this step."""
        self.step = step
        if self.half is not None:
            keep_half(self, self.half.dtype)


def begin(
    settings: Settings, d_in: int, d_out: int, *, dtype: torch.dtype, device: torch.device, peers: Peers = ALONE
) -> Training:
    """Initial weights: decoder rows of random direction, the encoder their transpose where widths allow (Gao et al.),
    biases 0. Those of a latent do not depend on the number of processes.

    Raises:
        CasebackError: latents, or groups of latents, do not divide among the processes.
    """
    check_divides(settings, peers.count)
    make = torch.Generator().manual_seed(settings.seed)
    mine, groups = peers.share(settings.width), len(peers.share(settings.groups))
    W_dec = _directions(settings.width, d_out, mine, make)
    W_enc = W_dec.clone() if d_in == d_out else _directions(settings.width, d_in, mine, make)
    weights = {
        "router": torch.zeros(groups, d_in) if settings.groups else None,
        "b_router": torch.zeros(groups) if settings.groups else None,
        "W_enc": W_enc,
        "b_enc": torch.zeros(len(mine)),
        "W_dec": W_dec,
        "b_dec": torch.zeros(d_out),
        "W_skip": torch.zeros(d_in, d_out) if settings.skip else None,
        "log_threshold": torch.zeros(len(mine)) if settings.kind == "jumprelu" else None,
    }
    there = {name: tensor.to(device) for name, tensor in weights.items() if tensor is not None}
    training = Training(
        **{name: there.get(name) for name in WEIGHTS},  # type: ignore[arg-type]
        mean={name: torch.zeros_like(tensor) for name, tensor in there.items()},
        square={name: torch.zeros_like(tensor) for name, tensor in there.items()},
        idle=torch.zeros(len(mine), dtype=torch.int64, device=device),
        peers=peers,
    )
    keep_half(training, dtype)
    return training


def check_divides(settings: Settings, count: int) -> None:
    """See that latents, whole groups of them where they are in groups, divide among so many processes.

    Raises:
        CasebackError: they do not.
    """
    whole, words = (settings.groups, "groups of latents") if settings.groups else (settings.width, "latents")
    if whole % count:
        fits = [str(n) for n in range(1, min(whole, 4 * count) + 1) if not whole % n]
        raise CasebackError(
            f"{whole:,} {words} do not divide among {count} processes: take {', '.join(fits)} processes, or another "
            "--width"
        )


def _directions(width: int, d: int, mine: range, make: torch.Generator) -> Tensor:
    """The rows ``mine`` of so many random directions; the others are drawn, a block at a time, and forgotten."""
    found = torch.empty(len(mine), d)
    blocks = max(1, width // BLOCK)
    for block in range(blocks):
        first, last = block * BLOCK, width if block == blocks - 1 else (block + 1) * BLOCK
        rows = torch.randn(last - first, d, generator=make)
        start, stop = max(first, mine.start), min(last, mine.stop)
        if start < stop:
            found[start - mine.start : stop - mine.start] = rows[start - first : stop - first]
    return found.div_(found.norm(dim=1, keepdim=True))


def keep_half(training: Training, dtype: torch.dtype) -> None:
    """Make the copy of the encoder that it runs in, where that is not fp32."""
    training.half = None if dtype == torch.float32 else training.W_enc.to(dtype)
