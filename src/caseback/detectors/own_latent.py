"""One latent that lies in its detector, so that the detector needs no dictionary beside it."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.narrow import narrowed
from caseback.subject.site import Site


@dataclass(frozen=True, eq=False)
class OwnLatent:
    """All that the activation of one latent is made of.

    Attributes:
        digest: Of the dictionary that it was taken from, as its maker says.
        number: Of the latent there.
        reads: The sites that it reads; several of equal width, side by side.
        encoder: Its column of the encoder, over all of them [d_in].
        bias: What is added to the product with that.
        threshold: The latent is active where the sum is above this, and above 0.
        model: Digest of the model that the dictionary was trained on.
        tokenizer: Digest of the tokenizer.
    """

    digest: str
    number: int
    reads: tuple[Site, ...]
    encoder: Tensor
    bias: float
    threshold: float
    model: str
    tokenizer: str

    def __post_init__(self) -> None:
        shape = list(self.encoder.shape)
        if len(shape) != 1 or not self.encoder.is_floating_point() or not self.reads or shape[0] % len(self.reads):
            raise CasebackError(
                f"latent {self.number}: its encoder is {self.encoder.dtype} {shape}, and must be [d] of floats over "
                f"{len(self.reads)} sites of one width"
            )
        if self.number < 0:
            raise CasebackError(f"latent {self.number}: numbers of latents begin at 0")
        if not all(bool(each.isfinite().all()) for each in (self.encoder, *self._numbers())):
            raise CasebackError(f"latent {self.number}: encoder, bias and threshold must be finite")

    @cached_property
    def dictionary(self) -> Dictionary:
        """The dictionary of this latent alone. What the latent writes is not known: zeros stand for that."""
        bias, threshold = self._numbers()
        nothing = torch.zeros_like(self.encoder)
        return Dictionary(
            self.reads, self.reads, self.encoder[:, None], bias, nothing[None], nothing, threshold=threshold,
            models=(self.model,) if self.model else (), tokenizer=self.tokenizer,
        )  # fmt: skip

    def _numbers(self) -> tuple[Tensor, Tensor]:
        """Bias and threshold [1], in the encoder's precision: what is too large for that is infinite."""
        bias, threshold = torch.tensor([[self.bias], [self.threshold]], dtype=torch.float64).to(self.encoder)
        return bias, threshold


def own_latent(digest: str, dictionary: Dictionary, number: int) -> OwnLatent:
    """A latent by itself.

    Args:
        digest: Of the dictionary.

    Raises:
        CasebackError: whether it is active depends on the dictionary's other latents.
    """
    one = narrowed(dictionary, [number])
    assert one.threshold is not None
    return OwnLatent(
        digest, number, one.reads, one.W_enc[:, 0].contiguous(), float(one.b_enc), float(one.threshold),
        one.models[0] if one.models else "", one.tokenizer,
    )  # fmt: skip
