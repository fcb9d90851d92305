"""What training changes: weights, moments of Adam, and when each latent last fired."""

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from caseback.interp.dictionary.settings import Settings

WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec", "W_skip", "log_threshold", "router", "b_router")


class Resumable(Protocol):
    """What a loop of steps and a checkpoint need of a training: one dictionary's, or that of several together."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def width(self) -> int:
        """Number of latents."""

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, to be stored."""

    def go_on_from(self, step: int) -> None:
        """Take up the stored tensors, which are those of this step."""


@dataclass(eq=False)
class Training:
    """A dictionary in training, on activations of mean 0 and mean square 1.

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
    pending: dict[str, Tensor] = field(default_factory=dict, repr=False)
    """Gradients of the router, found while it was used."""
    half: Tensor | None = field(default=None, repr=False)
    """bf16 copy of W_enc, where the encoder runs in bf16."""

    @property
    def width(self) -> int:
        return len(self.W_enc)

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


def begin(settings: Settings, d_in: int, d_out: int, *, dtype: torch.dtype, device: torch.device) -> Training:
    """Initial weights: decoder rows of random direction, the encoder their transpose where widths allow (Gao et al.),
    biases 0.
    """
    make = torch.Generator().manual_seed(settings.seed)
    W_dec = torch.randn(settings.width, d_out, generator=make)
    W_dec /= W_dec.norm(dim=1, keepdim=True)
    W_enc = W_dec.clone()
    if d_in != d_out:
        W_enc = torch.randn(settings.width, d_in, generator=make)
        W_enc /= W_enc.norm(dim=1, keepdim=True)
    weights = {
        "router": torch.zeros(settings.groups, d_in) if settings.groups else None,
        "b_router": torch.zeros(settings.groups) if settings.groups else None,
        "W_enc": W_enc,
        "b_enc": torch.zeros(settings.width),
        "W_dec": W_dec,
        "b_dec": torch.zeros(d_out),
        "W_skip": torch.zeros(d_in, d_out) if settings.skip else None,
        "log_threshold": torch.zeros(settings.width) if settings.kind == "jumprelu" else None,
    }
    there = {name: tensor.to(device) for name, tensor in weights.items() if tensor is not None}
    training = Training(
        **{name: there.get(name) for name in WEIGHTS},  # type: ignore[arg-type]
        mean={name: torch.zeros_like(tensor) for name, tensor in there.items()},
        square={name: torch.zeros_like(tensor) for name, tensor in there.items()},
        idle=torch.zeros(settings.width, dtype=torch.int64, device=device),
    )
    keep_half(training, dtype)
    return training


def keep_half(training: Training, dtype: torch.dtype) -> None:
    """Make the copy of the encoder that it runs in, where that is not fp32."""
    training.half = None if dtype == torch.float32 else training.W_enc.to(dtype)
