"""Models and transcoders whose graphs can be told beforehand."""

from typing import Any

import torch
from torch import Tensor, nn

from caseback.interp.circuit.graph import Graph
from caseback.interp.circuit.trace import trace
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.subject.site import Site
from models_for_tests import tiny

IDS = [1, 40, 77, 12, 300, 8]


class SparseMLP(nn.Module):
    """An MLP that *is* a dictionary: ReLU latents, and a decoder."""

    def __init__(self, encoder: Tensor, bias: Tensor, decoder: Tensor, out: Tensor) -> None:
        super().__init__()
        self.up_proj = nn.Linear(*encoder.shape)
        self.down_proj = nn.Linear(*decoder.shape)
        self.up_proj.weight = nn.Parameter(encoder.T.contiguous())
        self.up_proj.bias = nn.Parameter(bias)
        self.down_proj.weight = nn.Parameter(decoder.T.contiguous())
        self.down_proj.bias = nn.Parameter(out)

    def forward(self, hidden_states: Tensor) -> Tensor:
        return self.down_proj(self.up_proj(hidden_states).relu())  # type: ignore[no-any-return]


def planted(n_layers: int = 2, width: int = 24, seed: int = 0, arch: str = "llama", **config: Any) -> Any:
    """A model whose MLPs are sparse dictionaries, in float64, and the transcoders that are exact for it."""
    model, _ = tiny(arch, torch.float64, seed, num_hidden_layers=n_layers, **config)
    make = torch.Generator().manual_seed(seed)
    d = model.config.hidden_size
    transcoders = {}
    for number, layer in enumerate(model.model.layers):
        parts = [torch.randn(*shape, generator=make, dtype=torch.float64) for shape in ((d, width), (width, d))]
        parts[0] *= 0.3
        parts[1] *= 0.3
        bias, out = (0.1 * torch.randn(n, generator=make, dtype=torch.float64) - 0.1 for n in (width, d))
        layer.mlp = SparseMLP(parts[0], bias, parts[1], out)
        transcoders[number] = Dictionary(
            reads=(Site("mlp_in", number),), writes=(Site("mlp_out", number),), W_enc=parts[0], b_enc=bias,
            W_dec=parts[1], b_dec=out, threshold=torch.zeros(width, dtype=torch.float64),
        )  # fmt: skip
    return model.eval(), transcoders


def random_transcoders(model: Any, width: int = 40, k: int | None = 5, skip: bool = False, seed: int = 1) -> Any:
    """Transcoders that know nothing of the model."""
    make = torch.Generator().manual_seed(seed)
    d, dtype = model.config.hidden_size, model.dtype

    def draw(*shape: int) -> Tensor:
        return 0.3 * torch.randn(*shape, generator=make, dtype=torch.float64).to(dtype)

    return {
        number: Dictionary(
            reads=(Site("mlp_in", number),), writes=(Site("mlp_out", number),), W_enc=draw(d, width), b_enc=draw(width),
            W_dec=draw(width, d), b_dec=draw(d), k=k, threshold=None if k else draw(width).abs(),
            W_skip=draw(d, d) if skip else None,
        )
        for number in range(model.config.num_hidden_layers)
    }  # fmt: skip


def random_cross_layer(model: Any, width: int = 40, k: int | None = 5, seed: int = 1) -> dict[int, Dictionary]:
    """A cross-layer transcoder that knows nothing of the model."""
    make = torch.Generator().manual_seed(seed)
    d, dtype, n = model.config.hidden_size, model.dtype, model.config.num_hidden_layers

    def draw(*shape: int) -> Tensor:
        return 0.3 * torch.randn(*shape, generator=make, dtype=torch.float64).to(dtype)

    return {
        number: Dictionary(
            reads=(Site("mlp_in", number),), writes=tuple(Site("mlp_out", to) for to in range(number, n)),
            W_enc=draw(d, width), b_enc=draw(width), W_dec=draw(width, d * (n - number)), b_dec=draw(d * (n - number)),
            k=k, threshold=None if k else draw(width).abs(),
        )
        for number in range(n)
    }  # fmt: skip


def everything(model: Any, transcoders: Any, ids: Any = IDS, **settings: Any) -> Graph:
    """The graph with every latent traced and every edge kept."""
    return trace(model, ids, transcoders, rest=0.0, edges_per_node=10**6, **settings)


def check_completeness(graph: Graph, tolerance: float) -> None:
    """What goes into each traced node, with the biases, is its pre-activation."""
    at = graph.traced_N
    assert int(at.sum()) > graph.n_layers
    scale = float(graph.pre_N[at].abs().max()) + float(graph.absolute_N4.sum(1).max())
    assert float((graph.total_N + graph.constant_N - graph.pre_N)[at].abs().max()) <= tolerance * scale
    kept = torch.zeros(len(graph), dtype=torch.float64).index_add_(0, graph.target_E, graph.weight_E)
    assert float((kept - graph.total_N)[at].abs().max()) <= tolerance * scale
