"""The interventions: plain data that say what to change, where, and at which tokens, and the arithmetic of each.

All arithmetic is done in at least fp32 and rounded once to the precision of the stream.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from caseback.errors import CasebackError
from caseback.subject.layers import device_of
from caseback.subject.site import Place, Site
from caseback.subject.span import EVERYWHERE, Span, Tokens

Change = Callable[[Tensor, Tokens], Tensor]
"""From activations ``[rows, columns, *shape]`` and the tokens they belong to, to new activations."""


@dataclass(frozen=True, eq=False)
class Add:
    """Adds ``scale * vector`` (activation addition; Turner et al. 2023, arXiv 2308.10248).

    Attributes:
        site: Where.
        vector: Of the shape of the site's activations; at ``heads``, a vector [d_head] goes to each chosen head.
        scale: Factor on the vector, which is used as it is, not normalised.
        span: Which tokens.
        units: Which heads of a ``heads`` site or neurons of a ``neurons`` site; None: all. The vector then has the
            shape of the chosen ones.
    """

    site: Site
    vector: Any
    scale: float = 1.0
    span: Span = EVERYWHERE
    units: Sequence[int] | None = None

    def change(self, shape: tuple[int, ...], device: torch.device) -> Change:
        step = _tensor(self, "scale", self.scale, ((),), device) * _vector(self, "vector", self.vector, shape, device)
        return lambda x, _: x + step.to(x)


@dataclass(frozen=True, eq=False)
class Ablate:
    """Removes what a site says: all of it, or along one direction; or puts a mean in its place.

    With ``direction``, x becomes x - (x·u)u for the unit vector u along it (Arditi et al. 2024, arXiv 2406.11717).
    With ``mean``, x becomes the mean. With both, only its part along u becomes that of the mean. With neither, zero.
    ``site``, ``span``, ``units``: as in ``Add``.
    """

    site: Site
    direction: Any = None
    mean: Any = None
    span: Span = EVERYWHERE
    units: Sequence[int] | None = None

    def change(self, shape: tuple[int, ...], device: torch.device) -> Change:
        mean = torch.zeros(shape[-1:], device=device)
        if self.mean is not None:
            mean = _vector(self, "mean", self.mean, shape, device)
        if self.direction is None:
            return lambda x, _: mean.to(x).expand_as(x)
        unit = _unit(self, self.direction, shape, device)
        return lambda x, _: x + _along(mean.to(x) - x, unit.to(x)) * unit.to(x)


@dataclass(frozen=True, eq=False)
class Clamp:
    """Sets the coefficient x·u along the unit vector u to ``value``, or keeps it between ``min`` and ``max``.

    Capping a persona direction is this with ``max`` alone. ``site``, ``span``, ``units``: as in ``Add``.
    """

    site: Site
    direction: Any
    value: float | None = None
    min: float | None = None
    max: float | None = None
    span: Span = EVERYWHERE
    units: Sequence[int] | None = None

    def change(self, shape: tuple[int, ...], device: torch.device) -> Change:
        bounds = self.min, self.max
        if (self.value is None) == (bounds == (None, None)):
            raise CasebackError(f"{describe(self)}: give either value, or min and max or one of them")
        for name in ("value", "min", "max"):
            if getattr(self, name) is not None:
                _tensor(self, name, getattr(self, name), ((),), device)
        low, high = (self.value, self.value) if self.value is not None else bounds
        if low is not None and high is not None and low > high:
            raise CasebackError(f"{describe(self)}: min {low} is above max {high}")
        unit = _unit(self, self.direction, shape, device)

        def clamped(x: Tensor, _: Tokens) -> Tensor:
            u = unit.to(x)
            along = _along(x, u)
            return x + (along.clamp(low, high) - along) * u

        return clamped


@dataclass(frozen=True, eq=False)
class Patch:
    """Puts ``values`` in place of the activations (activation patching; Vig et al. 2020, arXiv 2004.12265).

    ``values`` has the shape of one token's activation, for every token of the span; or ``[tokens, *shape]``, one for
    each position of a span with a known number of positions; or ``[rows, tokens, *shape]``, one such set for each row
    of the batch. ``site``, ``span``, ``units``: as in ``Add``.
    """

    site: Site
    values: Any
    span: Span = EVERYWHERE
    units: Sequence[int] | None = None

    def change(self, shape: tuple[int, ...], device: torch.device) -> Change:
        n = self.span.length
        given = tuple(getattr(self.values, "shape", ()))
        allowed = [shape] if n is None else [shape, (n, *shape), (*given[:1], n, *shape)]
        values = _tensor(self, "values", self.values, allowed, device)
        if values.dim() == len(shape):
            return lambda x, _: values.to(x).expand_as(x)
        assert n is not None

        def patched(x: Tensor, tokens: Tokens) -> Tensor:
            numbers = tokens.offsets(self.span).clamp(0, n - 1)
            if values.dim() == len(shape) + 1:
                return values.to(x)[numbers]
            if len(values) != len(x):
                raise CasebackError(f"{describe(self)}: values for {len(values)} rows, but the batch has {len(x)}")
            rows = torch.arange(len(x), device=x.device)[:, None]
            return values.to(x)[rows, numbers]

        return patched


@dataclass(frozen=True, eq=False)
class Silence:
    """Takes away what one latent of a dictionary writes: x becomes x - a·vector, token by token, where the latent's
    activation a is x·reader + bias if that is above 0 and the threshold, else 0 (JumpReLU; Rajamanoharan et al. 2024,
    arXiv 2407.14435).

    Attributes:
        reader: The latent's column of the encoder.
        vector: Its row of the decoder; another of equal length makes a control that is as large at the same tokens.
        bias: Of the encoder.
        threshold: Of the latent.

    ``site``, ``span``, ``units``: as in ``Add``.
    """

    site: Site
    reader: Any
    vector: Any
    bias: float = 0.0
    threshold: float = 0.0
    span: Span = EVERYWHERE
    units: Sequence[int] | None = None

    def change(self, shape: tuple[int, ...], device: torch.device) -> Change:
        reader = _vector(self, "reader", self.reader, shape, device)
        vector = _vector(self, "vector", self.vector, shape, device)
        bias = _tensor(self, "bias", self.bias, ((),), device)
        least = _tensor(self, "threshold", self.threshold, ((),), device).clamp(min=0)

        def silenced(x: Tensor, _: Tokens) -> Tensor:
            pre = _along(x, reader.to(x)) + bias.to(x)
            return x - pre.where(pre > least.to(x), 0.0) * vector.to(x)

        return silenced


@dataclass(frozen=True, eq=False)
class EditWeight:
    """Adds to a weight, for as long as the context lasts: ``scale`` times ``delta``, or times ``left @ right``.

    Attributes:
        name: The parameter's name in ``model.named_parameters()``. Weights tied to it change with it.
        delta: Of the parameter's shape; or None.
        low_rank: ``(left, right)``, [out, r] and [r, in] for a matrix [out, in]; or None.
        scale: Factor.
    """

    name: str
    delta: Any = None
    low_rank: tuple[Any, Any] | None = None
    scale: float = 1.0

    def step(self, weight: nn.Parameter) -> Tensor:
        """What to add to the weight, in at least fp32."""
        if weight.is_meta or not weight.is_floating_point():
            raise CasebackError(f"{describe(self)}: cannot change a weight that is quantised or offloaded")
        if (self.delta is None) == (self.low_rank is None):
            raise CasebackError(f"{describe(self)}: give either delta or low_rank")
        scale = _tensor(self, "scale", self.scale, ((),), weight.device)
        shape = tuple(weight.shape)
        if self.low_rank is None:
            return scale * _tensor(self, "delta", self.delta, (shape,), weight.device)
        if weight.dim() != 2:
            raise CasebackError(f"{describe(self)}: low_rank is for matrices, and this weight is {list(shape)}")
        rank = torch.as_tensor(self.low_rank[1]).shape[0]
        left = _tensor(self, "left", self.low_rank[0], ((shape[0], rank),), weight.device)
        right = _tensor(self, "right", self.low_rank[1], ((rank, shape[1]),), weight.device)
        return scale * (left @ right)


ActivationEdit = Add | Ablate | Clamp | Patch | Silence
Intervention = ActivationEdit | EditWeight


def describe(intervention: Intervention) -> str:
    """The intervention in a few words, e.g. Add at resid_post.6."""
    if isinstance(intervention, EditWeight):
        return f"EditWeight of {intervention.name}"
    what = f"{type(intervention).__name__} at {intervention.site}"
    if intervention.units is not None:
        what += f" units {list(intervention.units)}"
    return what if intervention.span == EVERYWHERE else f"{what}, {intervention.span}"


def choose_units(edit: ActivationEdit, place: Place) -> tuple[tuple[int, ...], Tensor | None]:
    """The shape of the activations that the edit changes, per token, and the indices of its heads or neurons.

    Raises:
        CasebackError: the site has no heads or neurons to choose from, or not these.
    """
    if edit.units is None:
        return place.shape, None
    if edit.site.kind not in ("heads", "neurons"):
        raise CasebackError(f"{describe(edit)}: only heads and neurons sites have units to choose from")
    count, units = place.shape[0], list(edit.units)
    wrong = [unit for unit in units if isinstance(unit, bool) or not isinstance(unit, int) or not 0 <= unit < count]
    if wrong or not units or len(set(units)) != len(units):
        raise CasebackError(f"{describe(edit)}: units are different numbers from 0 to {count - 1}")
    device = device_of(place.module)
    return (len(units), *place.shape[1:]), torch.tensor(units, device=device)


def _along(x: Tensor, unit: Tensor) -> Tensor:
    """Coefficient of x along the unit vector, its last axis kept."""
    return (x * unit).sum(-1, keepdim=True)


def _vector(edit: ActivationEdit, name: str, value: Any, shape: tuple[int, ...], device: torch.device) -> Tensor:
    return _tensor(edit, name, value, (shape, shape[-1:]), device)


def _unit(edit: ActivationEdit, value: Any, shape: tuple[int, ...], device: torch.device) -> Tensor:
    direction = _vector(edit, "direction", value, shape, device)
    norm = direction.norm(dim=-1, keepdim=True)
    if not bool((norm > 0).all()):
        raise CasebackError(f"{describe(edit)}: the direction has length 0")
    return direction / norm


def _tensor(
    edit: Intervention, name: str, value: Any, shapes: Sequence[tuple[int, ...]], device: torch.device
) -> Tensor:
    """The value as a finite tensor of one of the shapes, in at least fp32."""
    try:
        tensor = torch.as_tensor(value, device=device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CasebackError(f"{describe(edit)}: {name} is not a tensor of numbers: {error}") from None
    if tuple(tensor.shape) not in shapes or tensor.is_complex():
        known = " or ".join(str(list(shape)) for shape in dict.fromkeys(shapes))
        raise CasebackError(f"{describe(edit)}: {name} has shape {list(tensor.shape)}, which should be {known}")
    tensor = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
    if not bool(tensor.isfinite().all()):
        raise CasebackError(f"{describe(edit)}: {name} is not finite")
    return tensor
