"""What several dictionaries write where their sites meet: the parts of a cross-layer transcoder add up.

A *cross-layer transcoder* (Ameisen, Lindsey et al. 2025, *Circuit Tracing*) has latents that each read one layer and
write that layer and all later ones. Here it is a dictionary per layer, which reads ``mlp_in`` of its layer and writes
``mlp_out`` of its layer and all later ones, side by side; what is written at a site is the sum over dictionaries.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from caseback.interp.dictionary.dictionary import Codes, Dictionary, weighted_rows
from caseback.subject.site import Site


def parts_of(dictionary: Dictionary, x: Tensor) -> dict[Site, Tensor]:
    """What is written side by side [..., d_out], site by site [..., d_out / sites]: of decoder rows, biases, sums."""
    return dict(zip(dictionary.writes, x.chunk(len(dictionary.writes), dim=-1), strict=True))


def written_together(coded: Iterable[tuple[Dictionary, Codes]]) -> dict[Site, Tensor]:
    """Per site what all dictionaries write there together [B, d], biases with it, skips left out."""
    written: dict[Site, Tensor] = {}
    for dictionary, codes in coded:
        whole_BE = weighted_rows(codes.indices_BK, codes.values_BK.to(dictionary.W_dec), dictionary.W_dec)
        for site, part_BD in parts_of(dictionary, whole_BE + dictionary.b_dec).items():
            written[site] = written[site] + part_BD if site in written else part_BD
    return written


def biases_together(dictionaries: Iterable[Dictionary]) -> dict[Site, Tensor]:
    """Per site what all dictionaries write where none of their latents is active [d]."""
    biases: dict[Site, Tensor] = {}
    for dictionary in dictionaries:
        for site, part_D in parts_of(dictionary, dictionary.b_dec).items():
            biases[site] = biases.get(site, torch.zeros_like(part_D)) + part_D
    return biases
