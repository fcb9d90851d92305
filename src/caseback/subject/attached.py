"""What a model has on it besides its own weights."""

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from caseback.subject.digest import joined_digest


@dataclass
class Attached:
    """Adapters on a model: the PEFT handle, scale and digest by name, and the modules and digest from before."""

    handle: Any
    base_digest: str
    modules: list[tuple[nn.Module, str, nn.Module]]
    gradients: dict[nn.Parameter, bool]
    scales: dict[str, float] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Digest of the base, and of every adapter with its scale."""
        return joined_digest([self.base_digest, *(f"{d} {self.scales[name]!r}" for name, d in self.digests.items())])
