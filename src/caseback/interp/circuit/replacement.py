"""The local replacement model: per-layer transcoders stand in for the MLPs of one prompt.

At each token every MLP's output is written as the latents of its transcoder that are active there, plus the
transcoder's bias and skip, plus an error: whatever the transcoder misses (Ameisen, Lindsey et al. 2025, *Circuit
tracing: revealing computational graphs in language models*). With the errors in it, the replacement gives exactly what
the model gives, and between latents everything is linear once attention patterns and norms are frozen.

Shapes: T tokens, D width of the stream, K latents active at most at a token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.frozen import Frozen, check_frozen, freeze, run_frozen
from caseback.interp.dictionary.dictionary import Codes, Dictionary, encode, weighted_rows
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site

Transcoders = Mapping[int, Dictionary]
"""Per block the dictionary that reads ``mlp_in`` and writes ``mlp_out``. A block without one is all error."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One MLP of the replacement model at one prompt.

    Attributes:
        transcoder: The dictionary; None where the block has none.
        codes: Its active latents at each token.
        written_TD: Latents and bias together: what the transcoder writes, its skip left out.
        error_TD: What the transcoder misses of the MLP's output.
    """

    transcoder: Dictionary | None
    codes: Codes
    written_TD: Tensor
    error_TD: Tensor

    @property
    def skip(self) -> Tensor | None:
        """The linear path from what the MLP reads to what it writes; None without."""
        return None if self.transcoder is None else self.transcoder.W_skip

    @property
    def bias(self) -> Tensor | None:
        """What the transcoder writes where no latent is active."""
        return None if self.transcoder is None else self.transcoder.b_dec


@dataclass(frozen=True, eq=False)
class Constants:
    """What everything that is no node contributes: biases of the model and of the transcoders.

    Attributes:
        mlp_in: Per block the part of what its MLP reads [T, D].
        final_TD: The part of what the unembedding reads.
    """

    mlp_in: tuple[Tensor, ...]
    final_TD: Tensor


@dataclass(frozen=True, eq=False)
class Replacement:
    """A model at one prompt with transcoders for MLPs.

    Attributes:
        frozen: The model, linear at this prompt.
        layers: Its MLPs, first to last.
        constants: What comes from biases alone.
    """

    frozen: Frozen
    layers: tuple[Layer, ...]
    constants: Constants

    @property
    def skips(self) -> list[Tensor | None]:
        """Per block the skip of its transcoder."""
        return [layer.skip for layer in self.layers]


@torch.no_grad()
def replace_mlps(model: Any, token_ids: Sequence[int], transcoders: Transcoders) -> Replacement:
    """The local replacement model of a prompt.

    Args:
        model: A decoder of transformers in float32, in eval mode.
        token_ids: The prompt, special tokens and all.
        transcoders: Per block the dictionary that stands in for its MLP.

    Raises:
        CasebackError: a transcoder does not belong to its block, or the model cannot be frozen.
    """
    decoder = find_decoder(model)
    check_transcoders(transcoders, len(decoder.blocks), decoder.d_model)
    frozen = freeze(decoder, token_ids)
    check_frozen(frozen)
    layers = tuple(
        _layer(transcoders.get(number), read, wrote)
        for number, (read, wrote) in enumerate(zip(frozen.mlp_in, frozen.mlp_out, strict=True))
    )
    nothing = torch.zeros_like(frozen.embedded_TD)[None]
    biases = [nothing if layer.bias is None else layer.bias.expand_as(nothing) for layer in layers]
    flow = run_frozen(frozen, nothing, biases, [layer.skip for layer in layers])
    constants = Constants(tuple(x[0] for x in flow.mlp_in), flow.final_BTD[0])
    return Replacement(frozen, layers, constants)


def check_transcoders(transcoders: Transcoders, n_layers: int, d_model: int) -> None:
    """See that each transcoder reads and writes the MLP of its block.

    Raises:
        CasebackError: otherwise, naming the block.
    """
    for number, dictionary in transcoders.items():
        wanted = Site("mlp_in", number), Site("mlp_out", number)
        if number >= n_layers:
            raise CasebackError(f"a transcoder for block {number}, but the model has {n_layers} blocks, from 0")
        if (*dictionary.reads, *dictionary.writes) != wanted:
            sites = " and ".join(",".join(map(str, side)) for side in (dictionary.reads, dictionary.writes))
            raise CasebackError(
                f"block {number}: this dictionary reads and writes {sites}; a transcoder of this block has "
                f"{wanted[0]} and {wanted[1]}"
            )
        if dictionary.d_in != d_model or dictionary.d_out != d_model:
            raise CasebackError(
                f"block {number}: a transcoder from {dictionary.d_in} to {dictionary.d_out} dimensions, but the "
                f"model's stream has {d_model}: it was trained on another model"
            )


def _layer(transcoder: Dictionary | None, read_TD: Tensor, wrote_TD: Tensor) -> Layer:
    if transcoder is None:
        none = Codes(torch.zeros(len(read_TD), 0, dtype=torch.long), read_TD.new_zeros(len(read_TD), 0), 0)
        return Layer(None, none, torch.zeros_like(wrote_TD), wrote_TD)
    transcoder = transcoder.to(device=read_TD.device, dtype=read_TD.dtype)
    codes = encode(transcoder, read_TD)
    written_TD = weighted_rows(codes.indices_BK, codes.values_BK, transcoder.W_dec) + transcoder.b_dec
    skipped = 0 if transcoder.W_skip is None else read_TD @ transcoder.W_skip
    return Layer(transcoder, codes, written_TD, wrote_TD - written_TD - skipped)
