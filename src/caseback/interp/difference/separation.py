"""How well two kinds of situation are told apart: by a mean difference of activations, at random, by text."""

from collections.abc import Sequence

import torch
from torch import Tensor

from caseback.chat import Chat

RANDOM = 200
"""Random directions that a fitted one is held against."""


def mean_difference(positive_ND: Tensor, negative_MD: Tensor) -> Tensor:
    """The unit vector from the mean of the negatives to that of the positives [d]; zero where they coincide."""
    direction_D = positive_ND.double().mean(0) - negative_MD.double().mean(0)
    norm = direction_D.norm()
    return direction_D / norm if float(norm) else direction_D


def projections(acts_ND: Tensor, direction_D: Tensor) -> list[float]:
    """Where the activations stand along a direction."""
    return (acts_ND.double() @ direction_D).tolist()


def best_layer(
    positive_NLD: Tensor, negative_MLD: Tensor, positive_families: Sequence[str], negative_families: Sequence[str]
) -> int:
    """The layer at which a mean difference puts most cases on the right side of the middle between the two means, each
    family left out of the fit in turn."""
    right = []
    for layer in range(positive_NLD.shape[1]):
        above: list[float] = []
        kinds = (positive_NLD[:, layer], positive_families), (negative_MLD[:, layer], negative_families)
        whole = mean_difference(kinds[0][0], kinds[1][0])
        for at, (acts, families) in enumerate(kinds):
            rest = kinds[1 - at][0]
            for family in sorted(set(families)):
                out = torch.tensor([name == family for name in families])
                kept = acts[~out] if bool((~out).any()) else acts
                direction = mean_difference(kept, rest) if at == 0 else mean_difference(rest, kept)
                middle = (kept.double().mean(0) + rest.double().mean(0)) @ direction / 2
                side = acts[out].double() @ direction - middle
                above += (side > 0).double().tolist() if at == 0 else (side < 0).double().tolist()
        right.append(sum(above) / len(above) if bool(whole.any()) else 0.0)
    return max(range(len(right)), key=right.__getitem__)


def random_areas(acts_ND: Tensor, positive_N: Sequence[bool], seed: int, draws: int = RANDOM) -> list[float]:
    """AUROC of random directions, each turned the way in which it does better, rising.

    A direction drawn at random knows nothing of the question, so these say what the activations give to anybody.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn_KD = torch.randn(draws, acts_ND.shape[1], generator=generator).double()
    scores_NK = acts_ND.double().cpu() @ drawn_KD.T
    label_N = torch.tensor(list(positive_N))
    above = scores_NK[label_N][:, None, :] - scores_NK[~label_N][None, :, :]
    areas_K = (above > 0).double().mean((0, 1)) + 0.5 * (above == 0).double().mean((0, 1))
    return sorted(torch.maximum(areas_K, 1 - areas_K).tolist())


def said(chat: Chat) -> str:
    """What stands in a chat, for methods that read only text."""
    return "\n".join(f"{message['role']}: {message['content']}" for message in chat)


def text_scores(train: Sequence[str], positive: Sequence[bool], held: Sequence[str]) -> list[float]:
    """Scores of held-out texts by logistic regression on character n-grams (1 to 4, tf-idf) of the training texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=1000),
    )
    model.fit(list(train), list(positive))
    return model.decision_function(list(held)).tolist()
