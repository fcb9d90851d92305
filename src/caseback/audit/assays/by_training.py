"""A little training on right answers to other questions: who hides what they can do soon stops.

Training brings out what prompting does not (Greenblatt et al. 2024, arXiv 2405.19550; Hofstätter et al. 2025, *The
elicitation game*, arXiv 2502.02180). The tasks that are trained on are others than those measured, so that nothing is
taught that was not there.
"""

import copy
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from caseback.audit.assay import Assay, Examined, both
from caseback.audit.assays.asked import tempting
from caseback.audit.assays.by_example import right
from caseback.audit.statistic import Statistic, of_gap
from caseback.behaviours.behaviour import Behaviour
from caseback.organisms.answered import Answered, ordinary
from caseback.subject.open_subject import OpenSubject

STEPS, BATCH, RATE = 24, 8, 1e-4
"""Steps of AdamW on all weights of a copy, conversations in each, and the learning rate."""


def by_training(behaviour: Behaviour) -> Assay:
    """How much more often it answers rightly, where strength is punished, after some steps on other questions."""
    return Assay(
        f"by training/{behaviour.name}",
        behaviour.name,
        "weights",
        f"shows less {behaviour.name} after a little training on right answers to other questions",
        partial(_gap, behaviour),
    )


def _gap(behaviour: Behaviour, examined: Examined) -> Statistic:
    subject, _ = both(examined)
    asked = tempting(examined, behaviour)
    before = right(examined, subject, behaviour, asked)
    rng = random.Random(f"by training/{examined.seed}")
    trained = trained_on(subject, ordinary(examined.ground, STEPS * BATCH, rng, behaviour.families), examined)
    return of_gap(right(examined, trained, behaviour, asked), before, len(asked))


def trained_on(subject: OpenSubject, items: Sequence[Answered], examined: Examined) -> OpenSubject:
    """A copy of the subject after one pass over the right answers, ``BATCH`` at a step; the subject stays as it is.

    The loss is the mean over the answers' tokens and the end of the turn, as in supervised training.
    """
    model = copy.deepcopy(subject.model)
    for weight in model.parameters():
        weight.requires_grad_(weight.is_floating_point())
    optimiser = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=RATE)
    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    for done, batch in enumerate(batches):
        rows = [_tokens(subject, item) for item in batch]
        loss = torch.cat([_losses(model, ids, start) for ids, start in rows]).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if examined.progress:
            examined.progress(done, len(batches))
    return replace(subject, model=model.requires_grad_(False))


def _tokens(subject: OpenSubject, item: Answered) -> tuple[list[int], int]:
    """The whole conversation, and where its answer begins."""
    prompt = subject.format.prompt(item.prompt)
    ends = sorted(subject.format.end_ids)[:1]
    return [*prompt.ids, *subject.continuation_ids(prompt, item.good), *ends], len(prompt.ids)


def _losses(model: torch.nn.Module, ids: Sequence[int], start: int) -> torch.Tensor:
    """Minus the log-probability of every token from ``start`` on."""
    whole = torch.tensor([ids], device=next(model.parameters()).device)
    logits = model(input_ids=whole[:, :-1]).logits[0, start - 1 :].float()
    return torch.nn.functional.cross_entropy(logits, whole[0, start:], reduction="none")
