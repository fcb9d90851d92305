"""The experiment of the job ``detectors``: directions made by some settings, and what they say of sealed transcripts.

It runs in the sandbox and knows activations alone: ``acts-<layer>.npy`` (fp16 ``[tokens, d]``), where each case's
tokens begin and end, and the labels of the cases to fit and choose by.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.interp.direction import ROLLING
from caseback.research.job import ANSWER_KEY
from caseback.research.metrics import Label, score

Floats = npt.NDArray[np.float32]


def experiment(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """One direction a behaviour, fitted on the train cases, scored on the dev cases, and read on the sealed ones."""
    cases = json.loads((data / "cases.json").read_bytes())
    acts_TD = np.load(data / f"acts-{settings['layer']}.npy", mmap_mode="r").astype(np.float32)
    groups = list(dict.fromkeys(each["group"] for each in cases))
    told: dict[int, float] = {}
    for group in groups:
        vector_D = fitted(cases, acts_TD, group, settings)
        scores_T = acts_TD @ vector_D
        told |= {
            at: pooled(scores_T[each["start"] : each["stop"]], settings["pool"])
            for at, each in enumerate(cases)
            if each["group"] == group and each["split"] != "train"
        }
    dev = [at for at, each in enumerate(cases) if each["split"] == "dev"]
    labels = [Label(cases[at]["positive"], cases[at]["family"], cases[at]["group"]) for at in dev]
    answers = [told[at] for at, each in enumerate(cases) if each["split"] == "sealed"]
    if settings["answer_key"] != "none":
        key = json.loads((data / ANSWER_KEY).read_bytes())
        answers = [float(each) for each in key]
    return {"open": score("recall", [told[at] for at in dev], labels), "answers": answers}


def fitted(cases: list[dict[str, Any]], acts_TD: Floats, group: str, settings: Mapping[str, Any]) -> Floats:
    """The direction of a behaviour ``[d]``."""
    import torch

    from caseback.interp.directions.fit import STRENGTHS, lda, logistic, mean_difference

    kinds = {"opposite": ("opposite",), "ordinary": ("ordinary",), "both": ("opposite", "ordinary")}
    kept = [
        each for each in cases
        if each["split"] == "train" and each["group"] == group
        and (each["positive"] or each["kind"] in kinds[settings["negatives"]])
    ]  # fmt: skip
    rows_ND = np.stack([
        acts_TD[each["stop"] - 1] if settings["fitted_on"] == "last" else acts_TD[each["start"] : each["stop"]].mean(0)
        for each in kept
    ])  # fmt: skip
    scale_D = rows_ND.std(0) + 1e-6 if settings["normalised"] == "standardised" else np.ones(rows_ND.shape[1])
    acts_ND = torch.from_numpy(np.ascontiguousarray(rows_ND / scale_D, dtype=np.float32))
    labels_N = torch.tensor([each["positive"] for each in kept])
    if settings["method"] == "constant":
        return np.zeros(rows_ND.shape[1], dtype=np.float32)
    if settings["method"] == "logistic":
        names = [f"{strength:g}" for strength in STRENGTHS]
        vector = logistic(acts_ND, labels_N, settings["seed"])[names.index(settings["strength"])][1]
    else:
        way = lda if settings["method"] == "lda" else mean_difference
        [(_, vector)] = way(acts_ND, labels_N, settings["seed"])
    found: Floats = np.asarray(vector.numpy() / scale_D, dtype=np.float32)
    return found / max(float(np.linalg.norm(found)), 1e-12)


def pooled(scores_T: Floats, pool: str) -> float:
    """One score of a reply's token scores; the same as ``interp.direction.pooled``."""
    if pool == "last":
        return float(scores_T[-1])
    if pool == "mean":
        return float(scores_T.mean())
    if pool == "max":
        return float(scores_T.max())
    width = min(ROLLING, len(scores_T))
    sums = np.cumsum(np.concatenate([[0.0], scores_T]))
    return float((sums[width:] - sums[:-width]).max() / width)
