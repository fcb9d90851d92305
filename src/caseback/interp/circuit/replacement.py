"""The local replacement model: transcoders, per layer or cross-layer, stand in for the MLPs of one prompt.

At each token every MLP's output is written as the latents that are active there and write it, those of its own
transcoder and, of a cross-layer transcoder, those of earlier layers; plus bias and skip, plus an error: whatever is
missed (Ameisen, Lindsey et al. 2025, *Circuit tracing: revealing computational graphs in language models*). With the
errors in it, the replacement gives exactly what the model gives, and between latents everything is linear once
attention patterns and norms are frozen.

Shapes: T tokens, D width of the stream, K latents active at most at a token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.frozen import Frozen, check_frozen, freeze, run_frozen
from caseback.interp.dictionary.dictionary import Codes, Dictionary, encode
from caseback.interp.dictionary.together import biases_together, written_together
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site

Transcoders = Mapping[int, Dictionary]
"""Per block the dictionary that reads its ``mlp_in`` and writes its ``mlp_out``; one that is part of a cross-layer
transcoder writes those of later blocks as well. What no dictionary writes is all error."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One MLP of the replacement model at one prompt.

    Attributes:
        transcoder: The dictionary that reads here; None where the block has none.
        codes: Its active latents at each token.
        written_TD: Latents and biases of all dictionaries that write here together, skips left out.
        error_TD: What they miss of the MLP's output.
        bias_D: What is written where no latent is active; None where nothing writes.
    """

    transcoder: Dictionary | None
    codes: Codes
    written_TD: Tensor
    error_TD: Tensor
    bias_D: Tensor | None

    @property
    def skip(self) -> Tensor | None:
        """The linear path from what the MLP reads to what it writes; None without."""
        return None if self.transcoder is None else self.transcoder.W_skip


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
    layers = _layers(transcoders, frozen)
    nothing = torch.zeros_like(frozen.embedded_TD)[None]
    biases = [nothing if layer.bias_D is None else layer.bias_D.expand_as(nothing) for layer in layers]
    flow = run_frozen(frozen, nothing, biases, [layer.skip for layer in layers])
    constants = Constants(tuple(x[0] for x in flow.mlp_in), flow.final_BTD[0])
    return Replacement(frozen, layers, constants)


def check_transcoders(transcoders: Transcoders, n_layers: int, d_model: int) -> None:
    """See that each transcoder reads and writes the MLP of its block; in a cross-layer transcoder, that it writes those
    of all later blocks too, and that every block has its part.

    Raises:
        CasebackError: otherwise, naming the block.
    """
    cross_layer = any(len(dictionary.writes) > 1 for dictionary in transcoders.values())
    if cross_layer and len(transcoders) != n_layers:
        raise CasebackError(
            f"a cross-layer transcoder of {len(transcoders)} blocks, but the model has {n_layers}: it needs one each"
        )
    for number, dictionary in transcoders.items():
        last = n_layers if cross_layer else number + 1
        wanted = Site("mlp_in", number), *(Site("mlp_out", layer) for layer in range(number, last))
        if number >= n_layers:
            raise CasebackError(f"a transcoder for block {number}, but the model has {n_layers} blocks, from 0")
        if (*dictionary.reads, *dictionary.writes) != wanted:
            sites = " and ".join(",".join(map(str, side)) for side in (dictionary.reads, dictionary.writes))
            raise CasebackError(
                f"block {number}: this dictionary reads and writes {sites}; a transcoder of this block has "
                f"{wanted[0]} and {','.join(map(str, wanted[1:]))}"
            )
        if len(dictionary.writes) > 1 and dictionary.W_skip is not None:
            raise CasebackError(f"block {number}: a cross-layer transcoder with a skip cannot be traced")
        if dictionary.d_in != d_model or dictionary.d_out != d_model * len(dictionary.writes):
            raise CasebackError(
                f"block {number}: a transcoder from {dictionary.d_in} to {dictionary.d_out} dimensions, but the "
                f"model's stream has {d_model}: it was trained on another model"
            )


def _layers(transcoders: Transcoders, frozen: Frozen) -> tuple[Layer, ...]:
    there = {
        number: dictionary.to(device=frozen.embedded_TD.device, dtype=frozen.embedded_TD.dtype)
        for number, dictionary in sorted(transcoders.items())
    }
    codes = {number: encode(dictionary, frozen.mlp_in[number]) for number, dictionary in there.items()}
    written = written_together((dictionary, codes[number]) for number, dictionary in there.items())
    biases = biases_together(there.values())
    layers = []
    for number, (read_TD, wrote_TD) in enumerate(zip(frozen.mlp_in, frozen.mlp_out, strict=True)):
        site, transcoder = Site("mlp_out", number), there.get(number)
        none = Codes(torch.zeros(len(read_TD), 0, dtype=torch.long), read_TD.new_zeros(len(read_TD), 0), 0)
        written_TD = written.get(site, torch.zeros_like(wrote_TD))
        skipped = read_TD @ transcoder.W_skip if transcoder is not None and transcoder.W_skip is not None else 0
        error_TD = wrote_TD - written_TD - skipped
        layers.append(Layer(transcoder, codes.get(number, none), written_TD, error_TD, biases.get(site)))
    return tuple(layers)
