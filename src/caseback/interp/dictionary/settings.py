"""How a dictionary is trained: plain data."""

import math
from dataclasses import dataclass

from caseback.errors import CasebackError

KINDS = ("topk", "batchtopk", "jumprelu")


@dataclass(frozen=True)
class Settings:
    """Settings of one training.

    Attributes:
        width: Number of latents.
        k: Active latents per token: exactly (topk), on average over a batch (batchtopk), or aimed at (jumprelu).
        kind: ``topk`` (Gao et al. 2024, arXiv 2406.04093), ``batchtopk`` (Bussmann et al. 2024, arXiv 2412.06410) or
            ``jumprelu`` (Rajamanoharan et al. 2024, arXiv 2407.14435). The latter two end with a threshold per latent.
        nested: Matryoshka (Bussmann et al. 2025, arXiv 2503.17547): shares of the latents, ascending, each of which
            has to reconstruct by itself; the whole is added. Empty: not nested.
        skip: Whether a linear path goes past the latents, for transcoders.
        tokens: To train on, each epoch of the store in another order.
        batch: Tokens in a step.
        learning_rate: None for 2e-4 / sqrt(width / 16,384), as in Gao et al.
        warmup: Share of the steps over which the rate rises.
        decay: Share of the steps at the end over which it falls to nothing.
        clip: Largest norm of the gradient.
        dead_after: Tokens without firing after which a latent counts as dead and is revived (AuxK, Gao et al.).
        aux_k: Dead latents that explain a token's error together.
        aux: Weight of that.
        bandwidth: JumpReLU: width of the window around the threshold that gives it a gradient, in units of the
            normalised activations.
        sparsity: JumpReLU: weight of (L0 / k - 1)^2 beside the fraction of variance unexplained.
        groups: Latents are in so many groups, of which a router chooses some for each token; 0: no groups.
        share: Share of the groups that it chooses.
        seed: Of initial weights and order.
    """

    width: int
    k: int = 32
    kind: str = "topk"
    nested: tuple[float, ...] = ()
    skip: bool = False
    tokens: int = 10_000_000
    batch: int = 4096
    learning_rate: float | None = None
    warmup: float = 0.02
    decay: float = 0.2
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    dead_after: int = 1_000_000
    aux_k: int = 256
    aux: float = 1 / 32
    bandwidth: float = 0.1
    sparsity: float = 1.0
    groups: int = 0
    share: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CasebackError(f"there is no kind of dictionary {self.kind!r}: choose from {', '.join(KINDS)}")
        if not 1 <= self.k <= self.width:
            raise CasebackError(f"k is {self.k}: it must be from 1 to the width {self.width}")
        if list(self.nested) != sorted(set(self.nested)) or any(not 0 < share < 1 for share in self.nested):
            raise CasebackError(f"nested is {self.nested}: shares of the latents between 0 and 1, ascending")
        if self.groups and (self.kind != "batchtopk" or self.width % self.groups or self.groups < 2):
            raise CasebackError(
                f"{self.groups} groups: they must be of equal size in {self.width} latents, and the kind batchtopk"
            )
        if not 0 < self.share <= 1:
            raise CasebackError(f"share is {self.share}: of the groups, above 0 and at most 1")
        for name in ("tokens", "batch", "dead_after", "aux_k"):
            if getattr(self, name) < 1:
                raise CasebackError(f"{name} is {getattr(self, name)}: it must be at least 1")
        for name in ("clip", "bandwidth", "rate"):
            if not getattr(self, name) > 0:
                raise CasebackError(f"{name} is {getattr(self, name)}: it must be above 0")

    @property
    def rate(self) -> float:
        """The learning rate."""
        return 2e-4 / math.sqrt(self.width / 16_384) if self.learning_rate is None else self.learning_rate

    @property
    def steps(self) -> int:
        """Batches until all tokens are seen."""
        return -(-self.tokens // self.batch)

    @property
    def chosen(self) -> int:
        """Groups that are looked into for a token."""
        return max(1, round(self.share * self.groups))

    @property
    def bounds(self) -> tuple[int, ...]:
        """Ends of the nested groups of latents; the last is the width."""
        ends = [max(1, round(share * self.width)) for share in self.nested]
        return (*sorted(set(ends) - {self.width}), self.width)

    def rate_at(self, step: int) -> float:
        """Learning rate of step 0, 1, …: it rises, stays, and falls to nothing."""
        total = self.steps
        rising = (step + 1) / max(1.0, self.warmup * total)
        falling = (total - step) / max(1.0, self.decay * total)
        return self.rate * min(1.0, rising, falling)
