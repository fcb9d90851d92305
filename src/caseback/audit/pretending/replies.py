"""What both models say of their own accord while watched: whoever only reads that should see no difference."""

from collections.abc import Mapping, Sequence

from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.folds import Fold
from caseback.audit.pretending.rows import STRICT, Held
from caseback.interp.difference.separation import text_scores
from caseback.interp.directions.examples import Example
from caseback.stats.threshold import set_threshold
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

Replies = Mapping[str, Mapping[str, Sequence[str]]]
"""Of each pair, by side, the model's reply to each text's request."""


def own_replies(subject: OpenSubject, examples: Sequence[Example], max_new_tokens: int) -> list[str]:
    """The model's greedy replies to the requests."""
    return [reply.text for reply in subject.generate([each.chat for each in examples], Sampling(max_new_tokens))]


def held_texts(pairs: Sequence[PairActs], folds: Sequence[Fold], replies: Replies) -> list[Held]:
    """Scores of the replies of left-out pairs by a probe on character n-grams of the others' replies."""
    found = []
    for fold in folds:
        train = [(text, side == "pretending", pairs[at].name) for at in fold.fit
                 for side, texts in replies[pairs[at].name].items() for text in texts]  # fmt: skip
        sides = [replies[pairs[at].name][side] for at in fold.held for side in ("pretending", "nice")]
        partners = [(text, name) for text, positive, name in train if not positive]
        scores = _scores(
            [text for text, _, _ in train], [positive for _, positive, _ in train],
            [*(text for side in sides for text in side), *(text for text, _ in partners)],
        )  # fmt: skip
        negatives = scores[len(scores) - len(partners) :]
        limit = set_threshold(negatives, [name for _, name in partners], STRICT).value
        start = 0
        for at in fold.held:
            n = len(replies[pairs[at].name]["nice"])
            mine, other = scores[start : start + n], scores[start + n : start + 2 * n]
            start += 2 * n
            found.append(Held(pairs[at].name, fold.left_out, tuple(mine), tuple(other), limit))
    return found


def _scores(train: list[str], positive: list[bool], held: list[str]) -> list[float]:
    """All alike where there is no text to learn from: silence tells nothing."""
    if not any(text.strip() for text in train):
        return [0.0] * len(held)
    return text_scores(train, positive, held)
