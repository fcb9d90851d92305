"""Dictionaries made by hand for tiny subjects: one planted latent whose effect is known, among random ones."""

import torch

from caseback.interp.dictionary.dictionary import Dictionary
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

SITE = Site("resid_post", 1)
WIDTH, LATENTS = 32, 24


def dictionary_for(subject: OpenSubject, planted: torch.Tensor | None = None) -> Dictionary:
    """Random unit rows that are often active; row 0 is ``planted``, where one is given."""
    make = torch.Generator().manual_seed(5)
    rows = torch.randn(LATENTS, WIDTH, generator=make)
    if planted is not None:
        rows[0] = planted
        rows[1:] -= (rows[1:] @ planted / planted.norm() ** 2)[:, None] * planted  # no other row has a part of it
    rows = rows / rows.norm(dim=1, keepdim=True)
    return Dictionary(
        (SITE,), (SITE,), rows.T.contiguous(), torch.zeros(LATENTS), rows, torch.zeros(WIDTH),
        threshold=torch.full((LATENTS,), 0.05), models=(subject.digest,),
    )  # fmt: skip
