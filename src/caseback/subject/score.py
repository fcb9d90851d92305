"""Log-probabilities of given continuations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from caseback.subject.generate import Forward

BATCH_TOKENS = 8192
"""Most tokens, padding included, in one forward pass."""
LOGITS_AT_ONCE = 2**27
"""Most logits held at once (512 MiB in fp32)."""


@dataclass(frozen=True)
class Score:
    """How probable a continuation is: ``logprob`` (natural logarithm) is the sum of ``logprobs``, one per token."""

    logprob: float
    tokens: int
    logprobs: tuple[float, ...]


@torch.inference_mode()
def score(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> list[Score]:
    """Score each (prompt, continuation), both as tokens, in batches of similar length.

    Rows are padded on the right, where a causal model cannot see, so a score does not depend on its batch but for
    rounding.
    """
    scores: list[Score] = [Score(0.0, 0, ())] * len(pairs)
    known = Forward(model).known
    order = sorted((i for i in range(len(pairs)) if pairs[i][1]), key=lambda i: -sum(map(len, pairs[i])))
    start = 0
    while start < len(order):
        width = sum(map(len, pairs[order[start]])) - 1
        batch = order[start : start + max(1, BATCH_TOKENS // width)]
        kept = width - min(len(pairs[i][0]) - 1 for i in batch)
        while len(batch) > 1 and len(batch) * kept * model.config.get_text_config().vocab_size > LOGITS_AT_ONCE:
            batch = batch[: len(batch) // 2]
            kept = width - min(len(pairs[i][0]) - 1 for i in batch)
        # One-token continuations of one prompt, such as Yes and No, need a single pass.
        inputs = [tuple((pairs[i][0] + pairs[i][1])[:-1]) for i in batch]
        rows = {tokens: row for row, tokens in enumerate(dict.fromkeys(inputs))}
        ids = torch.tensor([[*tokens, *[0] * (width - len(tokens))] for tokens in rows], device=model.device)
        arguments = {"use_cache": False, "logits_to_keep": kept}
        logits = model(input_ids=ids, **{name: value for name, value in arguments.items() if name in known}).logits
        first = width - logits.shape[1]  # models that keep all logits begin at 0
        for tokens, i in zip(inputs, batch, strict=True):
            row = rows[tokens]
            prompt, continuation = pairs[i]
            begin = len(prompt) - 1 - first
            chosen = logits[row, begin : begin + len(continuation)].float()
            targets = torch.tensor(continuation, device=chosen.device)
            each = (chosen.gather(-1, targets[:, None])[:, 0] - chosen.logsumexp(-1)).tolist()
            scores[i] = Score(sum(each), len(each), tuple(each))
        start += len(batch)
    return scores
