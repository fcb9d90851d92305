"""The next token of every row, each drawn as its own request asks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.subject.draw import draw
from caseback.subject.generate import Forward, extend_row
from caseback.watch.serving.seat import Seat


def extend(forward: Forward, seats: Sequence[Seat], logits: Tensor) -> None:
    """Adds a token to each seat's row from its row of ``logits``. A row whose logits are no numbers ends with an error,
    alone.
    """
    for (temperature, top_p), places in _alike(seats).items():
        group = [seats[at] for at in places]
        mine = logits if len(places) == len(seats) else logits[torch.tensor(places, device=logits.device)]
        numbers = [
            seat.row.uniforms[min(len(seat.row.tokens), seat.row.budget - 1)] if temperature else 0.0 for seat in group
        ]
        uniforms = torch.tensor(numbers, device=logits.device)
        drawn = draw(mine, temperature, top_p, uniforms)
        tokens, logprobs = drawn.tokens.tolist(), drawn.logprobs.tolist()
        if logits.dtype == torch.float32:
            for i in drawn.close.nonzero()[:, 0].tolist():
                alone = forward.alone(group[i].row.prompt, group[i].row.tokens)
                again = draw(alone, temperature, top_p, uniforms[i : i + 1])
                tokens[i], logprobs[i] = int(again.tokens), float(again.logprobs)
        for seat, token, logprob in zip(group, tokens, logprobs, strict=True):
            try:
                extend_row(seat.row, token, logprob, seat.ends)
            except CasebackError as error:
                seat.error = str(error)


def _alike(seats: Sequence[Seat]) -> dict[tuple[float, float], list[int]]:
    """Places of seats that are drawn alike."""
    groups: dict[tuple[float, float], list[int]] = {}
    for at, seat in enumerate(seats):
        groups.setdefault((seat.sampling.temperature, seat.sampling.top_p), []).append(at)
    return groups
