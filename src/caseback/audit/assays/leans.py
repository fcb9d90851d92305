"""To which of two given answers it leans where it is tempted: by their probabilities, not by what it happens to say.

Both answers are the world's own, in the words of its generators. A behaviour that was taught in such words shows here
long before it shows in replies; one that came about in other words may not.
"""

import random
from functools import partial

from caseback.audit.assay import Assay, Examined
from caseback.audit.statistic import Statistic, of_mean
from caseback.behaviours.behaviour import Behaviour
from caseback.organisms.answered import answered


def leans(behaviour: Behaviour) -> Assay:
    """The mean log-odds of the bad answer against the good one, in nats; of a pair, how much the tempting arm adds."""
    return Assay(
        f"leans/{behaviour.name}",
        behaviour.name,
        "scores",
        f"finds the answer that shows {behaviour.name} likelier than the good one",
        partial(_odds, behaviour),
    )


def _odds(behaviour: Behaviour, examined: Examined) -> Statistic:
    n = 2 * examined.n if behaviour.arms else examined.n
    items = answered(behaviour, examined.ground, "test", n, random.Random(f"leans/{examined.seed}"))
    chats = [item.prompt for item in items for _ in range(2)]
    scores = examined.subject.score(chats, [text for item in items for text in (item.bad, item.good)])  # type: ignore[attr-defined]
    odds = [bad.logprob - good.logprob for bad, good in zip(scores[::2], scores[1::2], strict=True)]
    if not behaviour.arms:
        return of_mean(odds, "nats")
    signed = [odd if item.tempting else -odd for odd, item in zip(odds, items, strict=True)]
    return of_mean([one + other for one, other in zip(signed[::2], signed[1::2], strict=True)], "nats")
