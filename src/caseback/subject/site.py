"""Names of places in a decoder where activations are read or changed, and the places themselves in a given model.

The activations, per token, of block ``layer`` counted from 0:

=============  ==============================================================  =====================
kind           what                                                            shape
=============  ==============================================================  =====================
resid_pre      the residual stream as the block receives it                    [d_model]
heads          each attention head's output z, before the output projection    [n_heads, d_head]
attn_out       what the attention adds to the stream                           [d_model]
mlp_in         what the MLP receives, behind the norm before it                [d_model]
neurons        MLP neurons, after the nonlinearity (and gate)                  [d_mlp]
mlp_out        what the MLP adds to the stream                                 [d_model]
resid_post     the residual stream as the block leaves it                      [d_model]
=============  ==============================================================  =====================

Where a norm stands between a sublayer and the stream (Gemma 2 and 3, OLMo 2), ``attn_out`` and ``mlp_out`` are behind
it, so that resid_post = resid_pre + attn_out + mlp_out; models known to scale or normalise the sum refuse the two.
``resid_post`` of the last block is before the final norm; ``hidden_states[-1]`` of transformers is after it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from caseback.errors import CasebackError
from caseback.subject.layers import Block, Decoder, in_width

Kind = Literal["resid_pre", "heads", "attn_out", "mlp_in", "neurons", "mlp_out", "resid_post"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HOOK_NAMES: dict[Kind, str] = {
    "resid_pre": "hook_resid_pre",
    "heads": "attn.hook_z",
    "attn_out": "hook_attn_out",
    "mlp_in": "mlp.hook_in",
    "neurons": "mlp.hook_post",
    "mlp_out": "hook_mlp_out",
    "resid_post": "hook_resid_post",
}


@dataclass(frozen=True)
class Site:
    """A kind of activation at a block, e.g. ``Site("resid_post", 6)``. Sorts, hashes, and prints as resid_post.6."""

    kind: Kind
    layer: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CasebackError(f"there is no site of kind {self.kind!r}: choose from {', '.join(KINDS)}")
        if not isinstance(self.layer, int) or isinstance(self.layer, bool) or self.layer < 0:
            raise CasebackError(f"layer {self.layer!r} of site {self.kind} is not a number of a block, 0 or more")

    def __str__(self) -> str:
        return f"{self.kind}.{self.layer}"

    def __lt__(self, other: "Site") -> bool:
        """Order in which a forward pass computes them."""
        return (self.layer, KINDS.index(self.kind)) < (other.layer, KINDS.index(other.kind))

    @property
    def hook_name(self) -> str:
        """The name in TransformerLens, e.g. blocks.6.hook_resid_post."""
        return f"blocks.{self.layer}.{HOOK_NAMES[self.kind]}"


def site_from_hook_name(name: str) -> Site:
    """The site that TransformerLens calls ``name``, e.g. blocks.6.hook_resid_post.

    Raises:
        CasebackError: the name is of no site that we have.
    """
    match = re.fullmatch(r"blocks\.(\d+)\.(.+)", name)
    kinds = {hook: kind for kind, hook in HOOK_NAMES.items()}
    if match is None or match[2] not in kinds:
        known = ", ".join(f"blocks.N.{hook}" for hook in kinds)
        raise CasebackError(f"no site corresponds to the TransformerLens hook {name!r}: there are {known}")
    return Site(kinds[match[2]], int(match[1]))


def parse_site(text: str) -> Site:
    """The site that prints as ``text``, e.g. resid_post.6; the TransformerLens name is taken too.

    Raises:
        CasebackError: the text names no site.
    """
    kind, _, layer = text.rpartition(".")
    if kind in KINDS and layer.isdecimal():
        return Site(kind, int(layer))
    if text.startswith("blocks."):
        return site_from_hook_name(text)
    raise CasebackError(
        f"{text!r} is no site: write a kind and a layer, such as resid_post.6; kinds: {', '.join(KINDS)}"
    )


@dataclass(frozen=True, eq=False)
class Place:
    """Where a site is in one model: the input or the output of a module, and the shape of one token's activation."""

    site: Site
    module: nn.Module
    side: Literal["input", "output"]
    shape: tuple[int, ...]


def find_place(decoder: Decoder, site: Site) -> Place:
    """Where ``site`` is in the model.

    Raises:
        CasebackError: the model has no such block, or the block has no such activation.
    """
    if site.layer >= len(decoder.blocks):
        raise CasebackError(f"site {site}: the model has {len(decoder.blocks)} blocks, 0 to {len(decoder.blocks) - 1}")
    block = decoder.blocks[site.layer]
    stream = (decoder.d_model,)
    if site.kind == "resid_pre":
        return Place(site, block.layer, "input", stream)
    if site.kind == "resid_post":
        return Place(site, block.layer, "output", stream)
    module = _module(block, site)
    if site.kind in ("attn_out", "mlp_out"):
        if not decoder.additive:
            raise CasebackError(f"site {site}: this model scales or normalises it on its way into the residual stream")
        return Place(site, module, "output", stream)
    if site.kind == "mlp_in":
        return Place(site, module, "input", stream)
    width = in_width(module)
    if site.kind == "neurons":
        return Place(site, module, "input", (width,))
    if decoder.n_heads < 1 or width % decoder.n_heads:
        raise CasebackError(f"site {site}: the attention output of width {width} does not split into equal heads")
    return Place(site, module, "input", (decoder.n_heads, width // decoder.n_heads))


def _module(block: Block, site: Site) -> nn.Module:
    modules: dict[str, nn.Module | None] = {
        "heads": block.attention_projection,
        "attn_out": block.attention_out,
        "mlp_in": block.mlp,
        "neurons": block.mlp_projection,
        "mlp_out": block.mlp_out,
    }
    module = modules[site.kind]
    if module is None and site.kind == "neurons" and block.mlp is not None:
        raise CasebackError(f"site {site}: the block's experts share no axis of neurons; use mlp_out")

    if module is None:
        raise CasebackError(f"site {site}: the block {type(block.layer).__name__} has no such part that we know")
    return module


def tap(place: Place, visit: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Calls ``visit`` with the activations [..., width] each time the model computes them; None leaves them unchanged,
    a tensor takes their place. Hidden states may come by position or by name, and go alone or first in a tuple.
    """
    what = f"{place.site} ({type(place.module).__name__})"

    def at_input(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and isinstance(args[0], Tensor):
            new = visit(args[0])
            return None if new is None else ((new, *args[1:]), kwargs)
        name = "hidden_states" if "hidden_states" in kwargs else next(iter(kwargs), None)
        if name is None or not isinstance(kwargs[name], Tensor):
            raise CasebackError(f"site {what} is called without hidden states that we can find")
        new = visit(kwargs[name])
        return None if new is None else (args, {**kwargs, name: new})

    def at_output(_: nn.Module, args: Any, output: Any) -> Any:
        first = output[0] if isinstance(output, tuple) and output else output
        if not isinstance(first, Tensor):
            raise CasebackError(f"site {what} returns {type(first).__name__}, not hidden states")
        new = visit(first)
        if new is None:
            return None
        return (new, *output[1:]) if isinstance(output, tuple) else new

    if place.side == "input":
        return place.module.register_forward_pre_hook(at_input, with_kwargs=True)
    return place.module.register_forward_hook(at_output)
