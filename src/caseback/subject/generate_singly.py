"""Generation one row at a time with whatever state the model keeps: slow, and right for any decoder.

For models that do not take unequal rows in one batch (recurrent ones, or with positions of their own making).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from caseback.subject.draw import draw
from caseback.subject.generate import Ends, Row, extend_row
from caseback.subject.subject import Sampling

STATES = ("past_key_values", "cache_params", "state")
"""The names under which models return and take their state."""


def complete_singly(model: Any, rows: Sequence[Row], sampling: Sampling, ends: Ends) -> Iterator[list[Row]]:
    """Extend every row until it ends, one after the other, yielding the row after each token."""
    for row in rows:
        state: dict[str, Any] = {}
        ids = row.prompt
        while row.finish is None:
            with torch.inference_mode():
                output = model(input_ids=torch.tensor([ids], device=model.device), use_cache=True, **state)
            logits = output.logits[:, -1]
            uniforms = torch.tensor(row.uniforms[len(row.tokens) :][:1] or [0.0], device=logits.device)
            drawn = draw(logits, sampling.temperature, sampling.top_p, uniforms)
            extend_row(row, int(drawn.tokens), float(drawn.logprobs), ends)
            state = {name: output[name] for name in STATES if output.get(name) is not None}
            ids = row.tokens[-1:] if state else row.prompt + row.tokens
            yield [row]
