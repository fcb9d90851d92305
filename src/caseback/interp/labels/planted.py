"""Labels planted to be wrong: is one that says the opposite of what its latent does caught, a right one left alone?

What a latent does is known from the ``dev`` families: candidates are those whose decoder row lies along or against the
gradient of a behaviour's log-odds, and kept are the ones that move it there by intervention, at a stricter confidence
than a label is judged by. The right label says so; the planted one has its sign turned. Beside them stand idle labels:
random latents with a random claim. All are judged on the ``test`` families with other random directions.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.labels.claims import BEHAVIOURS, Case, claim_of
from caseback.interp.labels.effect import Effect, Finding, Towards, Trial, effects, finding
from caseback.interp.labels.label import alive, typical_activation
from caseback.interp.labels.units import Heard
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

STRICT = 0.99
"""Confidence at which a latent's effect counts as known."""


@dataclass(frozen=True)
class Planted:
    """A label whose truth is known, ``right``, ``reversed`` (its sign turned) or ``idle``, and what was found of it."""

    latent: int
    behaviour: str
    sign: int
    truth: str
    finding: Finding
    up: Effect
    down: Effect


def planted(
    subject: OpenSubject,
    dictionary: Dictionary,
    heard: Heard,
    trial: Trial,
    *,
    candidates: int = 6,
    idle: int = 20,
    progress: Callable[[int, int], None],
) -> list[Planted]:
    """Labels of all three sorts, judged under ``trial`` (whose split must not be ``dev``).

    A latent with a known effect gives a right label and a planted one. They are judged by the same measurements, so
    they count as one latent each for what is caught and for what is falsely called reversed.

    Args:
        dictionary: With a threshold for each latent.
        candidates: Latents tried for each behaviour, half of them for each sign.
        idle: Labels with nothing behind them.
    """
    living = alive(heard, dictionary)
    typical = {latent: typical_activation(heard, latent) for latent in living}
    found, done, total = [], 0, len(BEHAVIOURS) * candidates * 2 + idle

    def judge(latent: int, behaviour: str, sign: int, under: Trial) -> tuple[Effect, Effect]:
        nonlocal done
        done += 1
        progress(done, total)
        claim = claim_of(behaviour, sign)
        return effects(subject, dictionary, latent, typical[latent], claim, living, under)

    before = replace(trial, split="dev", seed=trial.seed + 1, confidence=STRICT)
    for name, behaviour in BEHAVIOURS.items():
        cases = behaviour.cases(trial.spec, "dev", trial.n, before.seed)
        slope_D = gradient(subject, dictionary.writes[0], dictionary.d_out, cases)
        for latent in along(dictionary, slope_D, typical, candidates):
            seen = finding(*judge(latent, name, 1, before))
            if seen not in ("as claimed", "reversed"):
                done += 1  # not judged a second time
                continue
            known = 1 if seen == "as claimed" else -1
            up, down = judge(latent, name, known, trial)
            found.append(Planted(latent, name, known, "right", finding(up, down), up, down))
            up, down = turned(up), turned(down)
            found.append(Planted(latent, name, -known, "reversed", finding(up, down), up, down))
    rng = random.Random(f"idle labels/{trial.seed}")
    for latent in rng.sample(living, min(idle, len(living))):
        name, sign = rng.choice(list(BEHAVIOURS)), rng.choice((1, -1))
        up, down = judge(latent, name, sign, trial)
        found.append(Planted(latent, name, sign, "idle", finding(up, down), up, down))
    return found


def turned(effect: Effect) -> Effect:
    """The same measurement under a claim of the opposite sign."""
    other: dict[Towards, Towards] = {"as claimed": "against", "against": "as claimed", "neither": "neither"}
    return replace(effect, towards=other[effect.towards])


def along(dictionary: Dictionary, slope_D: Tensor, typical: Mapping[int, float], count: int) -> list[int]:
    """Latents whose typical activation, by first order, raises a behaviour most, and as many that lower it most."""
    latents = list(typical)
    reach = dictionary.W_dec[latents].float() @ slope_D * torch.tensor([typical[latent] for latent in latents])
    order = [latents[place] for place in reach.argsort(descending=True).tolist()]
    half = count // 2
    return list(dict.fromkeys([*order[: count - half], *order[len(order) - half :]]))


def gradient(subject: OpenSubject, site: Site, width: int, cases: Sequence[Case]) -> Tensor:
    """Of a behaviour's mean log-odds, by a vector that is added at a site at every token [d]."""
    device = subject.device
    total_D = torch.zeros(width)
    for case in cases:
        prompt = subject.format.prompt(case.chat)
        for sign, text in ((1.0, case.shows), (-1.0, case.lacks)):
            ids = subject.continuation_ids(prompt, text)
            given = torch.tensor([[*prompt.ids, *ids]], device=device)
            nothing_D = torch.zeros(width, device=device, requires_grad=True)
            with torch.enable_grad(), intervene(subject.model, [Add(site, nothing_D)]):
                logits_TV = subject.model(input_ids=given, use_cache=False).logits[0, -len(ids) - 1 : -1].float()
                said = logits_TV.log_softmax(-1).gather(1, given[0, -len(ids) :, None]).mean()
                (slope_D,) = torch.autograd.grad(sign * said, nothing_D)
            total_D = total_D + slope_D.cpu()
    return total_D / max(len(cases), 1)
