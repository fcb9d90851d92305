"""Situations in plain English, made from the YAML files beside this one.

A file holds ``families`` (name → ``split`` and ``items``) and ``wordings``, templates that an item fills: a string for
the user's turn, or a mapping with ``system`` and ``user``. An item is a mapping of slots; a plain string stands for
``{item: …}``. A family may have ``wordings`` of its own. ``arms`` (arm → list of system texts) makes pairs: texts at
the same place in two arms differ only in the circumstance under study. An item becomes the situation's latents, so
that what the judge needs stands beside the wording that it judges; ``tests`` are shown as Python in the slot ``shown``.
"""

import random
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import Any

import yaml

from caseback.chat import Message, system, user
from caseback.errors import CasebackError
from caseback.world.situation import Situation, Split


@cache
def read(name: str) -> Mapping[str, Any]:
    """The file ``plain/NAME.yaml``."""
    text = (resources.files("caseback.behaviours.plain") / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def plain_situations(name: str, split: Split, n: int, seed: int) -> list[Situation]:
    """At most n distinct situations (pairs, where the file has arms) of one split, families in turn.

    Every item is used once before any is worded a second time; ``seed`` decides which come first. There are as many as
    the file has, so fewer than n may come back; the number of trials is never made up by repetition.

    Raises:
        CasebackError: for the split ``pretrain``: nothing in plain English is for pre-training.
    """
    if split == "pretrain":
        raise CasebackError("plain situations have the splits train and test, not pretrain: pass one of those")
    file, rng = read(name), random.Random(f"{name} {split} {seed}")
    queues = []
    for family, body in file["families"].items():
        if body["split"] == split:
            wordings = body.get("wordings") or file["wordings"]
            cues = range(max(map(len, file["arms"].values()))) if "arms" in file else range(1)
            items = list(enumerate(body["items"]))
            rng.shuffle(items)
            offset = rng.randrange(len(wordings) * len(cues))
            queues.append(
                [
                    _situation(
                        name, file, family, split, index, item, (turn + at + offset) % (len(wordings) * len(cues))
                    )
                    for turn in range(len(wordings) * len(cues))
                    for at, (index, item) in enumerate(items)
                ]
            )
    turns = (units for round_ in zip_longest(*queues) for units in round_ if units is not None)
    return [situation for units in list(turns)[:n] for situation in units]


def _situation(
    name: str, file: Mapping[str, Any], family: str, split: Split, index: int, item: Any, form: int
) -> list[Situation]:
    """One situation, or the arms of one pair. ``form`` counts through wordings × cues."""
    slots = dict(item) if isinstance(item, Mapping) else {"item": item}
    if "tests" in slots:
        slots["shown"] = _python_tests(slots["function"], slots["tests"])
    wordings = file["families"][family].get("wordings") or file["wordings"]
    wording = wordings[form % len(wordings)]
    said = wording if isinstance(wording, Mapping) else {"user": wording}
    texts = {role: said[role].format_map(slots).strip() for role in said}
    latents = {**slots, "wording": form % len(wordings)}
    id = f"plain:{name}:{family}:{index}:{form}"
    if "arms" not in file:
        return [Situation(id, family, split, _messages(texts), latents, ground="plain")]
    pair = []
    for arm, cues in file["arms"].items():
        cue = cues[form // len(wordings)]
        with_cue = {**texts, "system": f"{cue.strip()} {texts.get('system', '')}".strip()}
        pair.append(Situation(f"{id}:{arm}", family, split, _messages(with_cue), latents, id, arm, "plain"))
    return pair


def _messages(texts: Mapping[str, str]) -> tuple[Message, ...]:
    return (*([system(texts["system"])] if texts.get("system") else []), user(texts["user"]))


def _python_tests(function: str, tests: Sequence[Any]) -> str:
    """Tests as a reader sees them, one function each."""
    return "\n\n".join(
        f"def test_{function}_{number}():\n    assert {function}({', '.join(map(repr, arguments))}) == {expected!r}"
        for number, (arguments, expected) in enumerate(tests, 1)
    )
