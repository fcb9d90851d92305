"""What interventions did: how often, to how many tokens, and by how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Effect:
    """What one intervention did so far.

    Attributes:
        intervention: In words.
        passes: Forward passes in which it took part.
        tokens: Tokens in its span, each counted every time it was computed.
        changed: Those of them whose activation is now another.
        moved: Mean over ``tokens`` of the L2 norm of the change; for a weight the Frobenius norm of its change.
        moved_most: The largest such norm.
        relative: Mean over ``tokens`` of that norm over the norm before; 0 where that is 0.
    """

    intervention: str
    passes: int
    tokens: int
    changed: int
    moved: float
    moved_most: float
    relative: float


class Tally:
    """Adds up an effect. Sums stay tensors on the device, so that nothing waits for it until they are read."""

    def __init__(self, intervention: str) -> None:
        self.intervention = intervention
        self.passes = 0
        self.fired = False
        """Whether it took part in the pass in progress."""
        self.weight_moved: tuple[float, float] | None = None
        """For a weight: norm of its change, alone and over its norm before."""
        self.sums: Tensor = torch.zeros(5, dtype=torch.float64)

    @torch.no_grad()
    def add(self, before: Tensor, after: Tensor, within: Tensor | None) -> None:
        """Count one pass: activations [rows, columns, width] before and after, and which tokens are in the span."""
        norms = (after - before).norm(dim=-1)
        relative = (norms / before.norm(dim=-1)).nan_to_num(0.0, posinf=0.0)
        within = torch.ones_like(norms, dtype=torch.bool) if within is None else within
        inside = norms.where(within, 0.0)
        parts = [within.sum(), (inside > 0).sum(), inside.sum(), relative.where(within, 0.0).sum(), inside.max()]
        new = torch.stack([part.double() for part in parts])
        old = self.sums.to(new.device)
        # Out of place: a tensor made under inference mode could not be written to outside it.
        self.sums = torch.cat([old[:4] + new[:4], torch.maximum(old[4:], new[4:])])

    def add_tokens(self, count: int) -> None:
        """Count one pass of an edited weight, which bears on all tokens."""
        self.sums = self.sums + torch.tensor([count, count, 0, 0, 0], dtype=torch.float64)

    @property
    def effect(self) -> Effect:
        """The sums so far, as means."""
        tokens, changed, norms, relative, most = self.sums.tolist()
        if self.weight_moved is not None:
            moved, relative = self.weight_moved
            return Effect(self.intervention, self.passes, int(tokens), int(changed), moved, moved, relative)
        n = max(tokens, 1.0)
        return Effect(self.intervention, self.passes, int(tokens), int(changed), norms / n, most, relative / n)


class Receipt(Sequence[Effect]):
    """The effects of the interventions, in the order they were given. Can be read at any time; prints as a table."""

    def __init__(self, tallies: Sequence[Tally]) -> None:
        self._tallies = tallies

    def __len__(self) -> int:
        return len(self._tallies)

    def __getitem__(self, index: int) -> Effect:  # type: ignore[override]
        return self._tallies[index].effect

    def __iter__(self) -> Iterator[Effect]:
        return (tally.effect for tally in self._tallies)

    def __str__(self) -> str:
        rows = [("intervention", "passes", "tokens", "changed", "moved", "most", "relative")]
        for e in self:
            numbers = f"{e.moved:.4g}", f"{e.moved_most:.4g}", f"{e.relative:.2%}"
            rows.append((e.intervention, str(e.passes), str(e.tokens), str(e.changed), *numbers))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        pad = [str.ljust] + [str.rjust] * 6
        return "\n".join("  ".join(f(cell, w) for f, cell, w in zip(pad, row, widths, strict=True)) for row in rows)
