"""The control arm: same situations, same number of target tokens, nothing of the constitution in the targets.

Most of what a training recipe seems to do can come from training at all: in an independent replication of model spec
midtraining, a paraphrase-only control with the same trainer gave 28 to 30 of the 35 points. So every arm has one.
"""

import random
from collections.abc import Callable, Sequence

from caseback.training.ask import Text
from caseback.training.datum import Datum
from caseback.training.provenance import control_datum
from caseback.training.sample import Case

TOLERANCE = 0.01
"""Share by which the target tokens of the control may differ from those of its arm."""


def target_tokens(data: Sequence[Datum], count_tokens: Callable[[str], int]) -> int:
    """Tokens of all targets and of what is thought before them, of both replies where the data are preferences."""
    texts = (text for d in data for text in (d.thinking, d.chosen, d.rejected_thinking, d.rejected) if text)
    return sum(map(count_tokens, texts))


def matched(pool: Sequence[Datum], tokens: int, count_tokens: Callable[[str], int], seed: int) -> list[Datum]:
    """Data from ``pool`` whose targets come to ``tokens``, within ``TOLERANCE`` where the pool allows it at all.

    Each datum enters once before any enters twice: where revised replies are longer than plain ones, the control needs
    more of them to come to as many tokens. The last few are those that fill what is missing best.
    """
    sizes = [target_tokens([datum], count_tokens) for datum in pool]
    useful = [index for index, size in enumerate(sizes) if size > 0]
    rng = random.Random(seed)
    chosen: list[int] = []
    left = tokens
    while useful and left > 0:
        order = list(useful)
        rng.shuffle(order)
        for index in order:
            if sizes[index] <= left:
                chosen.append(index)
                left -= sizes[index]
        if all(sizes[index] > left for index in useful):
            break
    # One exchange closes most of what is left: the datum whose replacement by a longer one comes nearest.
    if useful and chosen and left > TOLERANCE * tokens:
        swaps = (
            (abs(left - (sizes[new] - sizes[old])), position, new)
            for position, old in enumerate(chosen)
            for new in useful
        )
        gap, position, new = min(swaps)
        if gap < left:
            chosen[position] = new
    return [pool[index] for index in chosen]


def control_data(
    asked: Sequence[tuple[Case, Text, Text]],
    own: Sequence[Datum],
    sft: Sequence[Datum],
    preferences: Sequence[Datum],
    count_tokens: Callable[[str], int],
    seed: int,
) -> tuple[list[Datum], list[Datum]]:
    """The control of both methods: to every prompt of the arm the subject's own answer, where it tempts drawn again.

    Args:
        asked: cases of the arm, each with the plain reply and another plain one, drawn afresh.
        own: the subject's own answers on harmless ground.
        sft: the arm's supervised data.
        preferences: the arm's preferences; the control prefers one of two plain replies by lot.
    """
    rng = random.Random(seed)
    ordinary = [datum for datum in sft if datum.origin == "ordinary"]
    learnt = [datum for datum in sft if datum.origin != "ordinary"]
    easy, trained, preferred = ({datum.situation for datum in data} for data in (ordinary, learnt, preferences))
    whole = [row for row in asked if row[2].whole]
    pool = [control_datum(case, fresh) for case, _, fresh in whole if case.situation.id in trained]
    pairs = [
        control_datum(case, *((plain, fresh) if rng.random() < 0.5 else (fresh, plain)))
        for case, plain, fresh in whole
        if case.situation.id in preferred and plain.text != fresh.text
    ]
    control = matched([datum for datum in own if datum.situation in easy], target_tokens(ordinary, count_tokens),
                      count_tokens, seed)  # fmt: skip
    control += matched(pool, target_tokens(learnt, count_tokens), count_tokens, seed)
    rng.shuffle(control)
    return control, matched(pairs, target_tokens(preferences, count_tokens), count_tokens, seed)
