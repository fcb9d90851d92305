"""The same lessons with all weights trained: the verdict's head and the model beneath it, as in Burns et al. 2023."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from caseback.interp.directions.examples import Example
from caseback.oversight.ladder.arms import Ints, Learner, Reader
from caseback.oversight.ladder.head import Floats, Loss
from caseback.subject.load import load

EPOCHS, BATCH, RATE = 2, 16, 3e-4
HEAD_RATE = 1e-2
"""The head begins at nothing and has to be learned, the model beneath it only moved."""


def finetuned(paths: Mapping[str, str], questions: Callable[[Reader], Sequence[Example]]) -> Learner:
    """A learner that trains every weight of a fresh copy, each time.

    A pair of small models takes tens of seconds on a CPU, against a tenth of one for a head alone.

    Args:
        paths: model folders by name.
        questions: what a reader reads of all cases.
    """

    def learn(reader: Reader, train: Ints, soft: Floats, test: Ints, loss: Loss, seed: int) -> Floats:
        subject = load(paths[reader[0]], dtype="float32")
        asked = questions(reader)
        rows = {int(at): subject.format.prompt(asked[int(at)].chat).ids for at in np.union1d(train, test)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = _train(subject.model, [rows[int(at)] for at in train], soft, loss, seed)
        subject.model.eval()
        with torch.no_grad():
            logits = [
                _logits(subject.model, head, [rows[int(at)] for at in test[start : start + BATCH]])
                for start in range(0, len(test), BATCH)
            ]
        return torch.sigmoid(torch.cat(logits)).numpy() if logits else np.zeros(0, dtype=np.float32)

    return learn


def _train(model: nn.Module, rows: Sequence[list[int]], soft: Floats, loss: Loss, seed: int) -> nn.Linear:
    model.train()
    width = int(model.config.get_text_config().hidden_size)  # type: ignore[union-attr,operator]
    head = nn.Linear(width, 1)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    groups = [{"params": list(model.parameters()), "lr": RATE}, {"params": list(head.parameters()), "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
    rng, labels = np.random.default_rng(seed), torch.from_numpy(np.asarray(soft, dtype=np.float32))
    batches = [
        order[start : start + BATCH]
        for order in (rng.permutation(len(rows)) for _ in range(EPOCHS))
        for start in range(0, len(rows), BATCH)
    ]
    for step, batch in enumerate(batches):
        # A short rise, and down to nothing at the end.
        scale = min(1.0, (step + 1) / (0.1 * len(batches) + 1)) * (1 - step / len(batches))
        for group, rate in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = scale * rate
        optimiser.zero_grad()
        value = loss(_logits(model, head, [rows[int(at)] for at in batch]), labels[batch], step / len(batches))
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*model.parameters(), *head.parameters()], 1.0)
        optimiser.step()
    return head


def _logits(model: nn.Module, head: nn.Linear, rows: Sequence[list[int]]) -> Tensor:
    """Log-odds of a breach from the last token of each row ``[rows]``; padding goes to the right, where no causal
    attention looks."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    last = torch.tensor([len(row) - 1 for row in rows])
    hidden: Tensor = model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state  # type: ignore[operator]
    picked: Tensor = head(hidden[torch.arange(len(rows)), last]).squeeze(-1)
    return picked
