"""Examples of a latent by token: where it is highest, where it is active at random, and where it nearly was."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from caseback.interp.labels.units import ROWS, Floats, Heard, Ints
from caseback.interp.store.store import side_by_side
from caseback.subject.site import Site

AROUND = 14
"""Tokens shown on either side."""


@dataclass(frozen=True)
class Example:
    """A stretch of a conversation: its tokens as text, the latent's activation at each, and which one it is about."""

    conversation: str
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    at: int


@dataclass(frozen=True)
class Examples:
    """Of one latent, at most one of a sort from a conversation.

    A **near miss** is a token in a turn throughout which the latent is silent, at a place of the model's space most
    like those where it is active: highest cosine between the token's activations and the mean of the activating
    tokens', both less the mean of all.
    """

    highest: tuple[Example, ...]
    random: tuple[Example, ...]
    near: tuple[Example, ...]


def examples(heard: Heard, sites: Sequence[Site], latents: Sequence[int], tokenizer: Any, n: int, seed: int
             ) -> list[Examples]:  # fmt: skip
    """``n`` examples of each sort for every latent; fewer where there are no more conversations."""
    names = {document.number: document.id for document in heard.store.documents()}
    alike_RL = likeness(heard, sites, latents)
    tokens = heard.tokens
    found = []
    for column, latent in enumerate(latents):
        values_R = tokens.of(latent)
        active = np.flatnonzero(values_R)
        by_height = active[np.argsort(-values_R[active], kind="stable")]
        drawn = active.tolist()
        random.Random(f"examples/{seed}/{latent}").shuffle(drawn)
        silent = silent_turns(heard, values_R)
        near = silent[np.argsort(-alike_RL[silent, column], kind="stable")]

        def shown(rows: Iterable[int], values_R: Floats = values_R) -> tuple[Example, ...]:
            return tuple(
                _example(heard, names, values_R, row, tokenizer) for row in _apart(rows, tokens.conversation, n)
            )

        found.append(Examples(shown(by_height.tolist()), shown(drawn), shown(near.tolist())))
    return found


def silent_turns(heard: Heard, values_R: Floats) -> Ints:
    """Rows of the turns in which a latent with these activations is active nowhere."""
    loud = np.zeros(len(heard.turns.first), dtype=bool)
    loud[heard.turn[(values_R > 0) & (heard.turn >= 0)]] = True
    return np.flatnonzero((heard.turn >= 0) & ~loud[heard.turn])


def likeness(heard: Heard, sites: Sequence[Site], latents: Sequence[int]) -> Floats:
    """Cosine [rows, latents] between each token's activations and the mean of those where a latent is active, both less
    the mean of all tokens; 0 for a latent that never is."""
    store, weights = heard.store, (heard.tokens.values[:, list(latents)] > 0).astype(np.float64).tocsr()
    chunks = [np.arange(start, min(start + ROWS, len(store))) for start in range(0, len(store), ROWS)]
    total_D: Any = 0.0
    sums_LD: Any = 0.0
    for rows in chunks:
        x_BD = side_by_side(store, sites, rows).double().numpy()
        total_D = total_D + x_BD.sum(0)
        sums_LD = sums_LD + weights[rows].T @ x_BD
    mean_D = total_D / len(store)
    count_L = np.asarray(weights.sum(axis=0)).reshape(-1, 1)
    centre_LD = torch.from_numpy(np.where(count_L > 0, sums_LD / np.maximum(count_L, 1) - mean_D, 0.0))
    unit_LD = torch.nn.functional.normalize(centre_LD, dim=1)
    parts = [
        torch.nn.functional.normalize(side_by_side(store, sites, rows).double() - torch.from_numpy(mean_D), dim=1)
        @ unit_LD.T
        for rows in chunks
    ]
    alike: Floats = torch.cat(parts).numpy()
    return alike


def _apart(rows: Iterable[int], conversation: Ints, n: int) -> list[int]:
    """The first ``n`` rows of different conversations."""
    seen: dict[int, int] = {}
    for row in rows:
        if len(seen) >= n:
            break
        seen.setdefault(int(conversation[row]), row)
    return list(seen.values())


def _example(heard: Heard, names: dict[int, str], values_R: Floats, row: int, tokenizer: Any) -> Example:
    of = heard.tokens.conversation
    around = [r for r in range(max(0, row - AROUND), min(len(of), row + AROUND + 1)) if of[r] == of[row]]
    ids = heard.store.tokens(around).tolist()
    texts = tuple(tokenizer.decode([token]) for token in ids)
    return Example(names[int(of[row])], texts, tuple(values_R[around].tolist()), around.index(row))
