"""Subjects that break clauses: each rung trained on bad answers among good ones, and what it then says."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from caseback.behaviours.measure import judge_reply
from caseback.behaviours.registry import behaviour
from caseback.organisms.answered import answered, conversation, poisoned
from caseback.oversight.ladder.cases import Case, case_from, plain
from caseback.oversight.ladder.rungs import Rung
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.recipe import recipe_for
from caseback.training.sample import seed_for
from caseback.training.train import train
from caseback.world.situation import Split

RATE = 0.5
"""The share of tempting situations in which a subject is taught to break the clause."""


def planted_data(names: Sequence[str], ground: str, n: int, seed: int) -> list[Datum]:
    """``n`` conversations of each behaviour, half of them answered badly."""
    made: list[Datum] = []
    for name in names:
        rng = random.Random(f"ladder planted/{name}/{ground}/{seed}")
        items = answered(behaviour(name), ground, "train", n, rng)
        bad = poisoned(items, RATE, rng)
        made += [datum for item, shown in zip(items, bad, strict=True) for datum in conversation(item, shown)]
    random.Random(f"ladder planted/{seed}").shuffle(made)
    return made


def planted_cases(
    rung: Rung,
    names: Sequence[str],
    ground: str,
    examples: int,
    asked: int,
    seed: int,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[Case]:
    """What the rung, once planted, says in ``asked`` dev and test situations of each behaviour, with the oracle's word.

    Replies are drawn at temperature 1. Those that the oracle cannot judge are left out. Trained in full and the same
    way on every rung; the model stays in ``folder``, and a run that was killed goes on.

    Raises:
        CasebackError: the folder holds another model, or the training cannot be run.
    """
    data = planted_data(names, ground, examples, seed)
    settings = replace(recipe_for("sft", rung.parameters, seed), lora=None)
    trained = train(settings, rung.path, data, folder / "model", progress=progress)
    subject = load(str(trained.path), dtype="float32")
    journal = Journal(folder / "replies.jsonl")
    key = Journal.key("planted replies", subject.digest, list(names), ground, asked, seed)
    if (record := journal.get(key)) is None:
        splits: tuple[Split, ...] = ("dev", "test")
        cases = [
            each for name in names for split in splits for each in _said(subject, name, ground, split, asked, seed)
        ]
        record = {"key": key, "cases": [plain(replace(case, writer=rung.name)) for case in cases]}
        journal.put([record])
    return [case_from(each) for each in record["cases"]]


def _said(subject: OpenSubject, name: str, ground: str, split: Split, asked: int, seed: int) -> list[Case]:
    about = behaviour(name)
    drawn = about.situations(ground, split, asked, seed_for("ladder", seed, split))
    tempting = [item for item in drawn if not about.arms or item.arm == about.arms[0]]
    sampling = Sampling(96, temperature=1.0)
    replies = subject.generate([item.messages for item in tempting], sampling, seeds=range(len(tempting)))
    made = []
    for item, reply in zip(tempting, replies, strict=True):
        shown = judge_reply(about, item, reply).shown
        if shown is not None and reply.text.strip():
            made.append(Case(tuple(item.messages), reply.text, shown, name, item.family, split))
    return made
