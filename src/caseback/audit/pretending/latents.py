"""Latents of a dictionary of the base that part pretenders from partners in every pair that they are chosen on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.fits import Fit, Score, line_along
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.directions.examples import Example, tokens_of
from caseback.subject.capture import capture
from caseback.subject.open_subject import OpenSubject

MOST = 8
"""Latents that a score is made of."""
LEAST = 0.05
"""Standard deviations by which a latent has to differ in every pair: less is rounding."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """Mean activations of the latents over one reply: those that were active, and how much."""

    latents: Tensor
    means: Tensor


def check_base(dictionary: Dictionary, base_digest: str, what: str) -> None:
    """See that a dictionary was fitted on the base, whose residual stream all pairs share.

    Raises:
        CasebackError: it was fitted on another model, or on several.
    """
    if len(set(dictionary.models)) > 1 or len(dictionary.reads) > 1:
        raise CasebackError(f"{what} reads several sites or models: give a dictionary of one site of the base")
    if dictionary.models and dictionary.models[0] != base_digest:
        raise CasebackError(
            f"{what} was fitted on {dictionary.models[0][:19]}…, and the pairs grew from {base_digest[:19]}…: fit one "
            "on their base with `caseback look fit`"
        )


def spoken(subject: OpenSubject, dictionary: Dictionary, examples: Sequence[Example]) -> list[Spoken]:
    """What every latent does on average over the reply of each text."""
    rows = [tokens_of(subject, example, "reply") for example in examples]
    (site,) = dictionary.reads
    found = []
    for captured in capture(subject.model, [ids for ids, _ in rows], [site], positions=[span for _, span in rows]):
        acts_TD = captured.at[site].flatten(1).float()
        codes = encode(dictionary, acts_TD)
        latents, where = torch.unique(codes.indices_BK.flatten(), return_inverse=True)
        sums = torch.zeros(len(latents)).index_add_(0, where.cpu(), codes.values_BK.flatten().float().cpu())
        found.append(Spoken(latents.cpu(), sums / len(acts_TD)))
    return found


def latent_acts(
    pairs: Sequence[PairActs],
    said: Mapping[str, Mapping[str, Sequence[Spoken]]],
    before: Mapping[str, Sequence[Spoken]],
) -> tuple[list[PairActs], Tensor]:
    """The pairs with mean activations of latents, less the base's, in place of the stream's; and each latent's number.

    Args:
        said: of each pair, by side, what its model's latents did on each text.
        before: what they did in the base, on the texts of each behaviour.
    """
    read = [*(texts for sides in said.values() for texts in sides.values()), *before.values()]
    every = [each.latents for texts in read for each in texts]
    ids = torch.unique(torch.cat(every)) if every else torch.zeros(0, dtype=torch.long)

    def dense(texts: Sequence[Spoken]) -> Tensor:
        acts_NF = torch.zeros(len(texts), 1, len(ids))
        for row, each in zip(acts_NF, texts, strict=True):
            row[0, torch.searchsorted(ids, each.latents)] = each.means
        return acts_NF

    base = {behaviour: dense(texts) for behaviour, texts in before.items()}
    return [
        PairActs(
            pair.name, pair.behaviour, pair.recipe, pair.seed,
            *(dense(said[pair.name][side]) - base[pair.behaviour] for side in ("pretending", "nice")),
        )
        for pair in pairs
    ], ids  # fmt: skip


def chosen(pairs: Sequence[PairActs], most: int = MOST) -> tuple[Tensor, Tensor]:
    """The latents that go the same way in all pairs, and the furthest in the pair where they go least; their signs.

    Differences are in standard deviations over texts. Fewer, or none, where not as many agree.
    """
    scaled_PF = torch.stack([pair.difference[0] for pair in pairs]) / _spread(pairs)
    agree_F = (scaled_PF > 0).all(0) | (scaled_PF < 0).all(0)
    least_F = scaled_PF.abs().min(0).values.where(agree_F, 0.0)
    found = least_F.argsort(descending=True, stable=True)[:most]
    found = found[least_F[found] > LEAST]
    return found, scaled_PF[0, found].sign()


def by_latents(pairs: Sequence[PairActs], place: int) -> Score:
    """The sum of the chosen latents, each in its standard deviations and the way that it goes."""
    return _along(*chosen(pairs), pairs)


def by_random_latents(seed: int) -> Fit:
    """As many latents drawn at random, each the way that it goes on average in the pairs: what anybody would get."""

    def fit(pairs: Sequence[PairActs], place: int) -> Score:
        mean_F = torch.stack([pair.difference[0] for pair in pairs]).mean(0)
        order = torch.randperm(len(mean_F), generator=torch.Generator().manual_seed(seed))[:MOST]
        return _along(order, mean_F[order].sign(), pairs)

    return fit


def _along(latents: Tensor, signs: Tensor, pairs: Sequence[PairActs]) -> Score:
    vector_F = torch.zeros(pairs[0].nice.shape[-1], dtype=torch.float64)
    vector_F[latents] = signs.double() / _spread(pairs)[latents]
    line = line_along(vector_F, pairs, 0)
    return lambda acts_NKF: line.score(acts_NKF[:, 0])


def _spread(pairs: Sequence[PairActs]) -> Tensor:
    """Standard deviation of each latent over the texts of one model. It counts as no less than that of half of the
    latents, lest one that hardly ever speaks wins by its silence."""
    sides = [side[:, 0].double() for pair in pairs for side in (pair.pretending, pair.nice)]
    within_F = torch.stack([side_NF.var(0, correction=0) for side_NF in sides]).mean(0).sqrt()
    moving = within_F[within_F > 1e-8]
    return within_F.clamp_min(float(moving.median()) if len(moving) else 1.0)
