"""The job ``detectors``: which layer, method and pooling make directions that recognise behaviours."""

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.organisms.answered import answered, ordinary
from caseback.research.job import ANSWER_KEY, Job, Progress, bait
from caseback.research.jobs.splits import split_of
from caseback.research.metrics import Label
from caseback.research.space import Choice, Settings, Whole
from caseback.research.walls import Limits

BEHAVIOURS = ("sycophancy", "harmful_compliance", "deception", "laziness", "hidden_loyalty", "good_only_when_tested")
SIZES = {"train": (60, 60), "dev": (60, 60), "sealed": (100, 100)}
"""Tempting situations, each answered badly and well, and ordinary requests, of each behaviour."""
LAYERS = 6


def prepare(models: Mapping[str, str], ground: str, seed: int, folder: Path, progress: Progress) -> list[Label]:
    """Transcripts written by the world's own good and bad answers, and what the model's layers make of the replies.

    Raises:
        CasebackError: the model has fewer layers than the space.
    """
    from caseback.interp.directions.belonging import tokenizer_digest
    from caseback.interp.directions.examples import Example, tokens_of
    from caseback.subject.capture import capture
    from caseback.subject.load import load
    from caseback.subject.site import Site

    subject = load(models["reader"], dtype="float32")
    if subject.model.config.num_hidden_layers < LAYERS:
        raise CasebackError(f"{models['reader']} has fewer layers than the {LAYERS} of this job: give a deeper model")
    rows = list(_cases(ground, seed))
    read = [tokens_of(subject, Example(chat, case["positive"], case["family"], reply), "reply")
            for case, chat, reply in rows]  # fmt: skip
    sites, cases, start = [Site("resid_post", layer) for layer in range(LAYERS)], [], 0
    parts: list[list[Any]] = [[] for _ in sites]
    found = capture(subject.model, [ids for ids, _ in read], sites, positions=[span for _, span in read])
    for done, ((case, _, _), captured) in enumerate(zip(rows, found, strict=True), start=1):
        stop = start + len(captured.positions)
        cases.append({**case, "start": start, "stop": stop})
        start = stop
        for part, site in zip(parts, sites, strict=True):
            part.append(captured.at[site].half().numpy())
        progress(done, len(rows))
    for layer, part in enumerate(parts):
        np.save(folder / f"acts-{layer}.npy", np.concatenate(part))
    labels = [Label(case["positive"], case["family"], case["group"]) for case in cases if case["split"] == "sealed"]
    about = {"subject": subject.digest, "tokenizer": tokenizer_digest(subject)}
    for case in cases:
        if case["split"] == "sealed":
            del case["positive"], case["family"], case["kind"]
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    (folder / "about.json").write_text(json.dumps({**about, "model": models["reader"]}), encoding="utf-8")
    (folder / ANSWER_KEY).write_text(json.dumps(bait(labels, seed)), encoding="utf-8")
    return labels


def _cases(ground: str, seed: int) -> Iterator[tuple[dict[str, Any], tuple[Any, ...], str]]:
    """(what is known, chat, reply) of every case; the sealed ones shuffled, so that their order tells nothing."""
    rng = random.Random(f"detectors/{ground}/{seed}")
    sealed = []
    for name in BEHAVIOURS:
        about = behaviour(name)
        for split, (tempting, plain) in SIZES.items():
            drawn = 2 * tempting if about.arms else tempting
            made = answered(about, ground, split_of(split, ground), drawn, random.Random(rng.getrandbits(64)))
            drawn_by = random.Random(rng.getrandbits(64))
            others = ordinary(ground, plain, drawn_by, about.families, split_of(split, ground))
            rows = [
                ({"group": name, "split": split, "positive": bad, "kind": kind, "family": item.situation.family},
                 item.prompt, item.bad if bad else item.good)
                for kind, items in (("opposite", [each for each in made if each.tempting]), ("ordinary", others))
                for item in items
                for bad in ((True, False) if kind == "opposite" else (False,))
            ]  # fmt: skip
            if split == "sealed":
                sealed += rows
            else:
                yield from rows
    rng.shuffle(sealed)
    yield from sealed


def write(data: Path, settings: Settings, folder: Path) -> None:
    """A detector of each behaviour, in a folder of its own, uncalibrated."""
    import torch

    from caseback.detectors.direction import DirectionDetector
    from caseback.detectors.files import save_detector
    from caseback.interp.direction import Direction, Provenance, Reading
    from caseback.interp.directions.fit import unit_and_scale
    from caseback.research.jobs.detectors import fitted
    from caseback.subject.load import load
    from caseback.subject.site import Site

    cases = json.loads((data / "cases.json").read_bytes())
    about = json.loads((data / "about.json").read_bytes())
    subject = load(about["model"], dtype="float32")
    if subject.digest != about["subject"]:
        raise CasebackError(f"{about['model']} is another model than the one studied: put it back, or study it anew")
    acts_TD = np.load(data / f"acts-{settings['layer']}.npy").astype(np.float32)
    for name in BEHAVIOURS:
        vector_D = torch.from_numpy(fitted(cases, acts_TD, name, settings))
        train = [each for each in cases if each["split"] == "train" and each["group"] == name]
        means_ND = torch.from_numpy(np.stack([acts_TD[each["start"] : each["stop"]].mean(0) for each in train]))
        labels_N = torch.tensor([each["positive"] for each in train])
        scaled = unit_and_scale(vector_D, means_ND, labels_N)
        if scaled is None:
            raise CasebackError(f"the direction of {name} does not point to it: nothing to approve")
        unit_D, step, zero = scaled
        positives = int(labels_N.sum())
        provenance = Provenance(
            f"{settings['method']}, by research", "world", int(settings["seed"]), positives, len(train) - positives,
            tuple(sorted({each["family"] for each in train})), "", "", (f"resid_post.{settings['layer']}",), 0.0,
        )  # fmt: skip
        direction = Direction(
            name, name, Site("resid_post", settings["layer"]), unit_D, step, zero, Reading("reply", "mean"),
            provenance, subject.digest, about["tokenizer"],
        )  # fmt: skip
        made = DirectionDetector(f"{name}-researched", name, direction, Reading("reply", settings["pool"]))
        save_detector(made, folder / name)


JOB = Job(
    "detectors",
    "Which layer, method, negatives and pooling make directions that recognise behaviours in transcripts.",
    "recall",
    {
        "layer": Whole(0, LAYERS - 1),
        "method": Choice(("mean", "logistic", "lda"), ("constant",)),
        "strength": Choice(("0.001", "0.01", "0.1", "1")),
        "normalised": Choice(("none", "standardised")),
        "negatives": Choice(("opposite", "ordinary", "both")),
        "fitted_on": Choice(("mean", "last")),
        "pool": Choice(("mean", "last", "max", "rolling")),
        "answer_key": Choice(("none",), ("answer_key.json",)),
        "seed": Whole(0, 9999),
    },
    {
        "layer": LAYERS // 2, "method": "logistic", "strength": "0.1", "normalised": "none", "negatives": "both",
        "fitted_on": "mean", "pool": "mean", "answer_key": "none", "seed": 0,
    },
    "caseback.research.jobs.detectors:experiment",
    prepare,
    {"reader": "ref-aligned"},
    (),
    Limits(seconds=600, processor=120, memory=6 << 30, disk=16 << 20),
    0.01,
    write,
)  # fmt: skip
