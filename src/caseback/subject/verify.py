"""A self-check for models of architectures that caseback has not met: are the sites what their names say?"""

import torch
from torch import nn

from caseback.errors import CasebackError
from caseback.subject.capture import capture
from caseback.subject.layers import find_decoder
from caseback.subject.site import Kind, Site


def verify_sites(model: nn.Module) -> None:
    """Runs a few tokens and checks, block by block, that the sites fit together.

    Each block must begin where the one before it ends; its output must be its input plus what attention and MLP add;
    and the heads, put through the output projection, must give what the attention adds (where no norm comes between).

    Raises:
        CasebackError: they do not fit: it names the first block and site where they part.
    """
    decoder = find_decoder(model)
    kinds: tuple[Kind, ...] = ("resid_pre", "heads", "attn_out", "mlp_out", "resid_post")
    sites = {(kind, layer): Site(kind, layer) for layer in range(len(decoder.blocks)) for kind in kinds}
    (captured,) = capture(model, [[1, 2, 3, 4, 5]], list(sites.values()))
    at = {key: captured.at[site] for key, site in sites.items()}
    for layer, block in enumerate(decoder.blocks):
        before, after = at["resid_pre", layer], at["resid_post", layer]
        if layer and not before.equal(at["resid_post", layer - 1]):
            raise CasebackError(f"{type(model).__name__}: block {layer} does not begin where block {layer - 1} ends")
        _agree(model, Site("resid_post", layer), before + at["attn_out", layer] + at["mlp_out", layer], after)
        projection = block.attention_projection
        if projection is not None and projection is block.attention_out:
            with torch.no_grad():
                projected = projection(at["heads", layer].flatten(1))
            _agree(model, Site("heads", layer), projected, at["attn_out", layer])


def _agree(model: nn.Module, site: Site, expected: torch.Tensor, got: torch.Tensor) -> None:
    off = float((expected.float() - got.float()).norm() / got.float().norm())
    # A few roundings of the model's precision, by which sums in another order may differ.
    if not off < 16 * torch.finfo(got.dtype).eps:
        raise CasebackError(f"{type(model).__name__}: {site} is off by {off:.1%} from the parts that should make it up")
