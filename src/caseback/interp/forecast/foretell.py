"""Foretelling, end to end: run some families, look inside, predict others that were never run."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.interp.difference.behaved import Judge, judged
from caseback.interp.difference.separation import said
from caseback.interp.difference.taken_hold import last_token
from caseback.interp.forecast.folds import Floats, Known, base_rate
from caseback.interp.forecast.inside import fit_inside
from caseback.interp.forecast.outside import fit_text, kind_rates
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Situation

Progress = Callable[[str, int, int], None]
Draws = list[list[bool]]
"""Per situation whether each reply that could be judged showed the behaviour."""
DIGITS = 6
"""Decimals of a sealed probability."""
FEWEST = 4
"""Families that have to be run, so that settings can be chosen on families left out."""


def run_draws(
    subject: OpenSubject,
    situations: Sequence[Situation],
    judge: Judge,
    sampling: Sampling,
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Draws:
    """Run the situations, ``draws`` times each, and judge every reply.

    A draw's seed depends on the situation's id, its number and ``seed``, not on what else is run.
    """
    asked = [(i, k) for i in range(len(situations)) for k in range(draws)]
    seeds = [_seed(situations[i].id, k, seed) for i, k in asked]
    replies = subject.generate([situations[i].messages for i, _ in asked], sampling, seeds=seeds, progress=progress)
    found: Draws = [[] for _ in situations]
    for (i, _), reply in zip(asked, replies, strict=True):
        shown = judged(judge, situations[i], reply)
        if shown is not None:
            found[i].append(shown)
    return found


def foretell(
    subject: OpenSubject,
    run: Sequence[Situation],
    unseen: Sequence[Situation],
    judge: Judge,
    sampling: Sampling,
    plan: Mapping[str, Any],
    *,
    draws: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run ``run``, and predict ``unseen`` without running it: the body of a sealed forecast.

    Args:
        subject: an open model.
        run: situations whose outcome may be known.
        unseen: situations of other families, or under other circumstances, that nobody has run.
        judge: whether a reply shows the behaviour that its situation tempts to.
        sampling: how replies are drawn.
        plan: how both sets of situations are made again when the forecast is scored.
        draws: replies to each situation.
        seed: of draws and of the folds on which settings are chosen.
        progress: called with (what, done, total).

    Raises:
        CasebackError: a situation stands in both sets, too few families could be judged, or nothing is to be predicted.
    """
    check_apart(run, unseen)
    tick = progress or (lambda what, done, total: None)
    outcomes = run_draws(subject, run, judge, sampling, draws, seed, lambda done, total: tick("running", done, total))
    told = [i for i, each in enumerate(outcomes) if each]
    known = Known(
        np.array([sum(outcomes[i]) / len(outcomes[i]) for i in told]),
        tuple(run[i].family for i in told),
        tuple(said(run[i].messages) for i in told),
    )
    if len(set(known.families)) < FEWEST:
        raise CasebackError(f"replies of {len(set(known.families))} families could be judged, and {FEWEST} are needed "
                            "to foretell others: run more kinds of situation")  # fmt: skip
    acts = last_token(subject, run).double().numpy()[told]
    acts_unseen = last_token(subject, unseen).double().numpy()
    tick("fitting", 0, 1)
    predictions, settings = forecasts(acts, known, acts_unseen, unseen, seed)
    tick("fitting", 1, 1)
    return {
        "plan": dict(plan),
        "model": subject.name,
        "digest": subject.digest,
        "sampling": {"max_new_tokens": sampling.max_new_tokens, "temperature": sampling.temperature,
                     "top_p": sampling.top_p, "draws": draws, "seed": seed},
        "run": {
            "situations": len(run),
            "judged": len(told),
            "families": sorted(set(known.families)),
            "base_rate": round(base_rate(known.shares), DIGITS),
            "outcomes": digest([[run[i].id, outcomes[i]] for i in range(len(run))]),
        },
        "settings": settings,
        "situations": [{"id": s.id, "family": s.family, "sha256": situation_digest(s)} for s in unseen],
        "predictions": predictions,
    }  # fmt: skip


def forecasts(
    acts_NLD: Floats, known: Known, unseen_MLD: Floats, unseen: Sequence[Situation], seed: int
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Probabilities of every forecaster, rounded, and the settings chosen."""
    families = [s.family for s in unseen]
    inside = fit_inside(acts_NLD, known, seed)
    text = fit_text(known, seed)
    made = {
        "inside": inside.predict(unseen_MLD, families),
        "black box": text.predict([said(s.messages) for s in unseen], families),
        "rate of its kind": kind_rates(known, families),
        "base rate": np.full(len(unseen), base_rate(known.shares)),
    }
    settings = {"inside": asdict(inside.settings), "black box": asdict(text.settings)}
    return {name: [round(float(p), DIGITS) for p in values] for name, values in made.items()}, settings


def check_apart(run: Sequence[Situation], unseen: Sequence[Situation]) -> None:
    """See that nothing is predicted that is run.

    Raises:
        CasebackError: where it is, or one of the two is empty.
    """
    if not run or not unseen:
        raise CasebackError("no situations to run, or none to foretell: ask for more")
    texts = {said(s.messages) for s in run}
    if twice := next((s for s in unseen if said(s.messages) in texts), None):
        raise CasebackError(f"{twice.id} would be both run and foretold: choose other families, or another seed")


def check_same_situations(body: Mapping[str, Any], unseen: Sequence[Situation]) -> None:
    """See that the situations made again are those that were sealed.

    Raises:
        CasebackError: where they are not.
    """
    sealed = [each["sha256"] for each in body["situations"]]
    if sealed != [situation_digest(s) for s in unseen]:
        raise CasebackError("the situations made by the sealed plan are not those that were sealed: score it with the "
                            "version of caseback that sealed it")  # fmt: skip


def situation_digest(situation: Situation) -> str:
    """SHA-256 of a situation's id and text."""
    return hashlib.sha256(f"{situation.id}\n{said(situation.messages)}".encode()).hexdigest()


def _seed(id: str, draw: int, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{id}/{draw}/{seed}".encode()).digest()[:4], "big")
