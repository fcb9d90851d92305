"""How much is decided outside the thought: what each layer already holds of the answer before and along it.

Two readers. The *lens* reads a layer straight through the final norm and the unembedding (nostalgebraist 2020): is the
first token of the true capital likelier than those of all others? The *probe* is a ridge regression on the layer,
fitted on other cities. What a reader does not find may still be there, so both are bounds from below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.oversight.thought.tasks import Task
from caseback.subject.capture import capture
from caseback.subject.given_thought import thought_tokens
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

ALONG = (0.0, 0.5, 1.0)
"""Places where layers are read: 0, the last token before the thought; then so far into it."""
RIDGE = 1.0
"""Weight of the penalty, on standardised activations."""


@dataclass(frozen=True)
class Held:
    """Whether one layer holds a task's answer at one place, by each reader."""

    id: str
    state: str
    layer: int
    along: float
    lens: bool
    probe: bool


def held(subject: OpenSubject, fit: Sequence[Task], measured: Sequence[Task]) -> list[Held]:
    """What every layer holds of the answers to ``measured``, with probes fitted on ``fit``.

    The thought is the world's own, the same for every model.

    Raises:
        CasebackError: the model has no unembedding, or no thinking section.
    """
    decoder = find_decoder(subject.model)
    if decoder.head is None:
        raise CasebackError(f"{subject.name} has no unembedding, so its layers cannot be read out in tokens")
    layers = range(len(decoder.blocks))
    fitted, read = _activations(subject, fit, layers), _activations(subject, measured, layers)
    cities = measured[0].capitals
    first = [subject.tokenizer(city, add_special_tokens=False).input_ids[0] for city in cities]
    truth_fit, truth = ([cities.index(task.capital) for task in each] for each in (fit, measured))
    found = []
    for layer in layers:
        for place, along in enumerate(ALONG):
            lens = _lens(decoder, read[layer, place], first)
            probe = _probe(fitted[layer, place], truth_fit, len(cities), read[layer, place])
            found += [
                Held(task.id, task.state, layer, along, first[seen] == first[true], guess == true)
                for task, true, seen, guess in zip(measured, truth, lens, probe, strict=True)
            ]
    return found


def _activations(subject: OpenSubject, drawn: Sequence[Task], layers: range) -> dict[tuple[int, int], Tensor]:
    """For each layer and place, activations [tasks, d]."""
    rows, places = [], []
    for task in drawn:
        chat = [user(task.question)]
        prompt, thought = subject.format.prompt(chat).ids, thought_tokens(subject, chat, task.thought)
        rows.append([*prompt, *thought])
        places.append([len(prompt) - 1 + round(share * len(thought)) for share in ALONG])
    sites = [Site("resid_post", layer) for layer in layers]
    captured = list(capture(subject.model, rows, sites, positions=places, dtype=torch.float32))
    return {
        (layer, place): torch.stack([each.at[Site("resid_post", layer)][place] for each in captured]).cpu()
        for layer in layers
        for place in range(len(ALONG))
    }


@torch.inference_mode()
def _lens(decoder: object, acts_ND: Tensor, first: Sequence[int]) -> list[int]:
    """For each row the candidate whose first token is likeliest."""
    head, norm = decoder.head, decoder.norm  # type: ignore[attr-defined]
    weight = next(head.parameters())
    points_ND = acts_ND.to(weight.device, weight.dtype)
    logits_NV = head(norm(points_ND) if norm is not None else points_ND)
    chosen: list[int] = logits_NV[:, list(first)].argmax(dim=1).tolist()
    return chosen


def _probe(fit_ND: Tensor, truth: Sequence[int], classes: int, read_ND: Tensor) -> list[int]:
    """For each row of ``read_ND`` the class that a ridge regression on ``fit_ND`` gives the highest score."""
    mean, spread = fit_ND.mean(0), fit_ND.std(0).clamp_min(1e-6)
    x_ND, y_NC = (fit_ND - mean) / spread, torch.nn.functional.one_hot(torch.tensor(truth), classes).float()
    gram = x_ND @ x_ND.T + RIDGE * len(x_ND) * torch.eye(len(x_ND))
    weights_NC = torch.linalg.solve(gram, y_NC - y_NC.mean(0))
    scores_MC = ((read_ND - mean) / spread) @ x_ND.T @ weights_NC + y_NC.mean(0)
    chosen: list[int] = scores_MC.argmax(dim=1).tolist()
    return chosen
