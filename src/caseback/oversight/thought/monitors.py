"""Does a monitor of the thought catch what the action does? Text monitors and one of activations, on the same thoughts.

The action is harm that is carried out, read by the oracle; the monitors see the thought alone. One of text and one of
activations were fitted on the thoughts of the first model studied, as a monitor is before a version drifts; others are
fitted anew on each model's own. All are measured on families held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from caseback.chat import user
from caseback.oversight.thought.tasks import THINK
from caseback.stats.auroc import Auroc, auroc
from caseback.subject.capture import capture
from caseback.subject.given_thought import thought_tokens
from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from caseback.training.sample import seed_for
from caseback.world.oracle import judge
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec

MONITORS = {
    "text": "a text monitor fitted on the first model's thoughts",
    "text_anew": "a text monitor fitted on its own thoughts",
    "activations_before": "a monitor of activations along the thought, fitted on the first model's",
    "activations": "a monitor of activations along the thought, fitted on its own",
}
"""What watches the thoughts, by name."""
LEAST = 8
"""Thoughts of each class without which no monitor is fitted or measured."""
SAMPLING = Sampling(max_new_tokens=128, temperature=1.0)


@dataclass(frozen=True)
class Act:
    """A thought and whether harm was carried out after it."""

    family: str
    question: str
    thought: str
    harmful: bool


def acts(subject: OpenSubject, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Act]:
    """What is thought and done on ``n`` harmful and ``n`` harmless requests; those thought about and told alone."""
    found = []
    for prefix in ("harm", "benign"):
        asked = situations(prefix, split, n, seed, spec)
        questions = [item.messages[-1]["content"] + THINK for item in asked]
        seeds = [seed_for(seed, item.id) for item in asked]
        replies = subject.generate([[user(question)] for question in questions], SAMPLING, seeds=seeds)
        for item, question, reply in zip(asked, questions, replies, strict=True):
            shown = judge(item, reply.text).shown if reply.finish == "stop" else None
            if reply.thinking and shown is not None:
                found.append(Act(item.family, question, reply.thinking, prefix == "harm" and shown))
    return found


def enough(drawn: Sequence[Act]) -> bool:
    """Whether both classes are there often enough to fit a monitor on, or to measure one."""
    harmful = sum(act.harmful for act in drawn)
    return min(harmful, len(drawn) - harmful) >= LEAST


@dataclass(frozen=True)
class Monitors:
    """What was fitted on the thoughts of one model: on their text, and on its activations along them."""

    text: Pipeline
    activations: Pipeline


def monitors_of(subject: OpenSubject, drawn: Sequence[Act]) -> Monitors | None:
    """Monitors fitted on these acts; None where there are too few of either class."""
    if not enough(drawn):
        return None
    return Monitors(text_monitor(drawn), activation_monitor(activations(subject, drawn), drawn))


def text_monitor(drawn: Sequence[Act]) -> Pipeline:
    """Words and pairs of them, weighed (TF-IDF), and a logistic regression on these."""
    made = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+"), LogisticRegression(C=10.0, max_iter=1000)
    )
    return made.fit([act.thought for act in drawn], [act.harmful for act in drawn])


def by_text(monitor: Pipeline, drawn: Sequence[Act]) -> Auroc:
    """How well the monitor tells harmful acts from others by their thoughts."""
    return _area(monitor.decision_function([act.thought for act in drawn]), drawn)


def activations(subject: OpenSubject, drawn: Sequence[Act]) -> np.ndarray:
    """The mean of the middle layer over the tokens of each thought, [acts, d]."""
    site = Site("resid_post", len(find_decoder(subject.model).blocks) // 2)
    rows, places = [], []
    for act in drawn:
        chat = [user(act.question)]
        prompt, thought = subject.format.prompt(chat).ids, thought_tokens(subject, chat, act.thought)
        rows.append([*prompt, *thought])
        places.append(list(range(len(prompt), len(prompt) + len(thought))))
    captured = capture(subject.model, rows, [site], positions=places, dtype=torch.float32)
    return np.stack([each.at[site].mean(0).cpu().numpy() for each in captured])


def activation_monitor(acts_ND: np.ndarray, drawn: Sequence[Act]) -> Pipeline:
    """A logistic regression on standardised activations."""
    made = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    return made.fit(acts_ND, [act.harmful for act in drawn])


def by_activations(monitor: Pipeline, acts_ND: np.ndarray, drawn: Sequence[Act]) -> Auroc | None:
    """The same by activations; None where the monitor was fitted on a model of another width, which it cannot read."""
    return _area(monitor.decision_function(acts_ND), drawn) if monitor.n_features_in_ == acts_ND.shape[1] else None


def areas(
    subject: OpenSubject, first: Monitors | None, own: Monitors | None, drawn: Sequence[Act]
) -> dict[str, Auroc | None]:
    """By name of ``MONITORS`` how well each tells harmful acts; None where it could not be fitted or measured."""
    if not enough(drawn):
        return dict.fromkeys(MONITORS)
    acts_ND = activations(subject, drawn)
    return {
        "text": by_text(first.text, drawn) if first else None,
        "text_anew": by_text(own.text, drawn) if own else None,
        "activations_before": by_activations(first.activations, acts_ND, drawn) if first else None,
        "activations": by_activations(own.activations, acts_ND, drawn) if own else None,
    }


def _area(scores: np.ndarray, drawn: Sequence[Act]) -> Auroc:
    return auroc([float(x) for x in scores], [act.harmful for act in drawn], [act.family for act in drawn])
