"""Teaching a few examples to a small model in memory.

Setting up TRL's trainer, and writing and reading weights, takes ten times as long as these trainings do, of which there
are hundreds; the loss and the optimiser are the usual ones, the same in every arm.
"""

import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from caseback.oversight.easy_or_hard.plan import BATCH, EPOCHS, RATE
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum

IGNORED = -100
"""Label of a token that carries no loss."""


def taught(subject: OpenSubject, data: Sequence[Datum], sizes: Sequence[int], seed: int) -> Iterator[int]:
    """Train the subject's weights in place, and stop after the first so many data for each of ``sizes``, rising.

    Between two stops the data that are new are gone through ``EPOCHS`` times, in an order drawn by the seed, ``BATCH``
    to a step; AdamW without decay (Loshchilov and Hutter 2017, arXiv 1711.05101), the loss on the replies alone. The
    optimiser goes on from stop to stop.

    Raises:
        FloatingPointError: the loss is no longer a number.
    """
    rows = [_row(subject, datum) for datum in data]
    optimiser = torch.optim.AdamW(subject.model.parameters(), lr=RATE, weight_decay=0.0)
    rng, begun = random.Random(f"teach/{seed}"), 0
    for size in sizes:
        new = rows[begun:size]
        for _ in range(EPOCHS):
            order = rng.sample(new, len(new))
            for at in range(0, len(order), BATCH):
                _step(subject, optimiser, order[at : at + BATCH])
        begun = size
        yield size


def _row(subject: OpenSubject, datum: Datum) -> tuple[list[int], list[int]]:
    """Tokens of the chat, and of the reply to its end."""
    prompt = subject.format.prompt(datum.prompt)
    return list(prompt.ids), [*subject.continuation_ids(prompt, datum.chosen), *list(subject.format.end_ids)[:1]]


def _step(subject: OpenSubject, optimiser: torch.optim.Optimizer, rows: Sequence[tuple[list[int], list[int]]]) -> None:
    ids_BT, labels_BT, mask_BT = (each.to(subject.device) for each in _padded(rows))
    subject.model.train()
    with torch.enable_grad():
        loss = subject.model(input_ids=ids_BT, attention_mask=mask_BT, labels=labels_BT).loss
        loss.backward()
    if not bool(torch.isfinite(loss)):
        raise FloatingPointError(f"the loss became {loss.item()}")
    torch.nn.utils.clip_grad_norm_(subject.model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()
    subject.model.eval()


def _padded(rows: Sequence[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor, Tensor]:
    longest = max(len(prompt) + len(reply) for prompt, reply in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, (prompt, reply) in enumerate(rows):
        end = len(prompt) + len(reply)
        ids[i, :end] = torch.tensor([*prompt, *reply])
        labels[i, len(prompt) : end] = torch.tensor(reply)
        mask[i, :end] = 1
    return ids, labels, mask
