"""The study of independence: what overseers share, and what their errors share with it."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from caseback.errors import CasebackError
from caseback.oversight.independence.answering import answered, choices
from caseback.oversight.independence.overseers import CLEAN, Labelled, Verdicts, features, fitted
from caseback.oversight.independence.pairs import kappas_lost, pairs_by_kind, pairs_sorted, plain, who_passes_whom
from caseback.oversight.independence.panel import all_miss, first_panel, mean_votes, of_panels
from caseback.oversight.report import Figure, report
from caseback.stats.effective_votes import Wrongs, majority_wrong
from caseback.stats.jackknife import Jackknifed, jackknife
from caseback.stats.means import clustered_mean
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

SHARE = 0.5
"""Of the training answers, which each draw of data takes."""
ONE_BASE, A_BASE_EACH = "one base, a share of the data each", "a base each, a share of the data each"
MAKE_UPS = {
    ONE_BASE: (True, False),
    "a base each, one share of the data for all": (False, True),
    A_BASE_EACH: (False, False),
}
"""Ways to make up a panel: whether its members share a base, and whether they share what they learnt from."""


def independence(
    readers: Mapping[str, OpenSubject],
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    kin: Mapping[str, str] | None = None,
    taught: Mapping[str, str] | None = None,
    questions: int = 300,
    seed: int = 0,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Overseers on every reader and every share of the data, all on the same test answers; panels and pairs of them.

    With k readers there are k shares of the training answers, each a random half, and k squared overseers. Panels of k
    are made up in three ways (``MAKE_UPS``): all on one base, each with a share of its own; each on a base of its own,
    all with one share; each on a base and a share of its own. All panels of a make-up are formed, and cost the same.

    Args:
        readers: the bases, by name.
        train: answers that overseers learn from.
        test: answers that they are measured on; families apart from those of ``train`` are for the caller to see to.
        kin: what a reader descends from, by name; readers of one name are told apart from strangers in the pairs.
        taught: which constitution a reader was trained towards, by name; told apart in the pairs in the same way.
        questions: of fact, which all readers answer: who would pass whose errors.
        seed: decides shares and questions.
        journal: keeps activations and answers.
        progress: called with (readers done, readers in all).

    Raises:
        CasebackError: fewer than three readers, or no behaviour in the test answers.
    """
    if len(readers) < 3:
        raise CasebackError(f"{len(readers)} readers make no panel: give three or more models")
    if not any(item.behaviour != CLEAN for item in test):
        raise CasebackError("none of the test answers shows a behaviour: nothing could be missed")
    kept = journal or Journal(None)
    names = list(readers)
    classes = sorted({item.behaviour for item in (*train, *test)})
    asked = choices(questions, seed)
    verdicts: dict[tuple[int, int], Verdicts] = {}
    answers = []
    for at, reader in enumerate(readers.values()):
        seen, unseen = features(reader, train, kept), features(reader, test, kept)
        for share in range(len(names)):
            rows = random.Random(f"share/{seed}/{share}").sample(range(len(train)), int(SHARE * len(train)))
            verdicts[at, share] = fitted(seen, [item.behaviour for item in train], unseen, classes, rows)
        answers.append(answered(reader, asked, kept))
        if progress:
            progress(at + 1, len(names))
    truth = np.array([classes.index(item.behaviour) for item in test])
    families = [item.family for item in test]
    made = {name: _made_up(len(names), *shared) for name, shared in MAKE_UPS.items()}
    wrong = {at: _wrong(each.chosen, truth) for at, each in verdicts.items()}
    bad = truth != classes.index(CLEAN)
    passed = {at: _passed(each.chosen, classes.index(CLEAN))[bad] for at, each in verdicts.items()}
    wrongs = {name: [np.stack([wrong[at] for at in panel]) for panel in each] for name, each in made.items()}
    panels = {
        name: of_panels(
            wrongs[name],
            [np.stack([passed[at] for at in panel]) for panel in each],
            families,
        )
        for name, each in made.items()
    }
    bad_families = [family for family, is_bad in zip(families, bad, strict=True) if is_bad]
    for name, each in made.items():
        panels[name]["first"] = first_panel(np.stack([passed[at] for at in each[0]]), bad_families)
    sorts = pairs_sorted(names, kin or {}, taught or {})
    pairs = pairs_by_kind(sorts, len(names), verdicts, truth, families)
    lost = kappas_lost(sorts, verdicts, truth, families)
    matrix = who_passes_whom(names, answers, [each.family for each in asked])
    with_a_base_each = "with a base each than with one base for all, at the same cost"
    more = jackknife(lambda rows: mean_votes(wrongs[A_BASE_EACH], rows) - mean_votes(wrongs[ONE_BASE], rows), families)
    gained = plain(more)
    text = f"how many more effective votes {len(names)} overseers have {with_a_base_each}"
    gains = (
        Figure("votes_gain", text, gained["value"], gained["low"], gained["high"], more.clusters, "families"),
        _gain(
            "diversity_gain",
            f"how much less often the majority errs {with_a_base_each}",
            made,
            lambda panel: majority_wrong(np.stack([wrong[at] for at in panel])),
            families,
        ),
        _gain(
            "depth_gain",
            f"how much less often all overseers call a bad answer clean {with_a_base_each}",
            made,
            lambda panel: all_miss(np.stack([passed[at] for at in panel])).astype(float),
            bad_families,
        ),
    )
    return report(
        "independence",
        "How many votes are overseers worth that share a base, and how many that do not?",
        {name: reader.digest for name, reader in readers.items()},
        [seed],
        [
            *(_votes_figure(name, each) for name, each in panels.items()),
            *gains,
            *_pair_figures(pairs),
            *_lost_figures(lost),
        ],
        [
            f"{len(test)} answers of {len(set(families))} families, {int(bad.sum())} of them bad; overseers name one "
            f"of {len(classes)} classes, so that two that are wrong can be wrong in different ways",
            "intervals of votes and kappas are jackknifed over families: they speak of new families, not of new bases",
            "an overseer that cannot read an answer casts no vote: it is left out of pairs and majorities, and in "
            "defence in depth it has not stopped anything",
        ],
        classes=classes,
        panels=panels,
        pairs=pairs,
        matrix=matrix,
    )


def _made_up(k: int, same_base: bool, same_share: bool) -> list[list[tuple[int, int]]]:
    """All panels of a make-up, as (base, share) of each member."""
    if same_base:
        return [[(base, share) for share in range(k)] for base in range(k)]
    if same_share:
        return [[(base, share) for base in range(k)] for share in range(k)]
    return [[(base, (base + shift) % k) for base in range(k)] for shift in range(k)]


def _wrong(chosen: Any, truth: Any) -> Wrongs:
    return np.where(chosen < 0, np.nan, (chosen != truth).astype(float))


def _passed(chosen: Any, clean: int) -> Wrongs:
    return np.where(chosen < 0, np.nan, (chosen == clean).astype(float))


def _gain(
    name: str,
    text: str,
    made: Mapping[str, Sequence[Sequence[tuple[int, int]]]],
    failed: Callable[[Sequence[tuple[int, int]]], Wrongs],
    families: Sequence[str],
) -> Figure:
    """How much less often panels with a base each fail than panels with one base, at the same cost."""
    apart, alike = (
        np.nanmean([failed(panel) for panel in made[make_up]], axis=0) for make_up in (A_BASE_EACH, ONE_BASE)
    )
    gained = clustered_mean(
        (family, float(a - b), 1.0)
        for family, a, b in zip(families, alike, apart, strict=True)
        if not math.isnan(a - b)
    )
    told = plain(gained)
    return Figure(name, text, told["value"], told["low"], told["high"], gained.clusters, "families")


def _votes_figure(name: str, panel: Mapping[str, Any]) -> Figure:
    votes = panel["votes"]
    text = f"effective votes of {panel['members']} overseers: {name}"
    short = "votes_" + name.replace(",", "").replace(" ", "_")
    return Figure(short, text, votes["value"], votes["low"], votes["high"], votes["n"], "families")


def _pair_figures(pairs: Sequence[Mapping[str, Any]]) -> list[Figure]:
    found = []
    for pair in pairs:
        kappa = pair["kappa"]
        short = "kappa_" + pair["sort"].replace(",", "").replace(" ", "_")
        text = f"Cohen's kappa of the errors of two overseers: {pair['sort']}"
        found.append(Figure(short, text, kappa["value"], kappa["low"], kappa["high"], kappa["n"], "families"))
    return found


def _lost_figures(lost: Mapping[str, Jackknifed]) -> list[Figure]:
    found = []
    for what, each in lost.items():
        told = plain(each)
        text = f"how much lower Cohen's kappa of the errors of two overseers is with {what}, all else shared"
        name = "kappa_lost_" + what.replace(" ", "_")
        found.append(Figure(name, text, told["value"], told["low"], told["high"], each.clusters, "families"))
    return found
