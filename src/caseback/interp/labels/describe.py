"""Descriptions by a language model, and whether the same model finds them in turns it has not seen.

The model is given examples with the active tokens marked, random ones and near misses among them, and says in one
sentence what the latent stands for, and which behaviour, if any, raising it should change (as in Bills et al. 2023,
*Language models can explain neurons in language models*). Detection is that of Paulo et al. 2024 (arXiv 2410.13928):
asked turn by turn whether the description holds, the model's Yes is the truth that activations are held against.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caseback.chat import user
from caseback.constitution.tasks import read_verdict
from caseback.errors import CasebackError
from caseback.interp.labels.claims import BEHAVIOURS, claim_of
from caseback.interp.labels.detection import Detection, detection
from caseback.interp.labels.examples import Example, Examples
from caseback.interp.labels.label import Label, typical_activation
from caseback.interp.labels.units import Heard
from caseback.subject.subject import Sampling, Subject

TELL = """A feature of a language model is active at some tokens and silent at others. Tokens where it is active stand \
in «these marks».

Active:
{active}

Silent, though much is alike:
{silent}

What does the feature stand for, such that it is active above and silent below? And if it were raised by force while \
the model answers, which of these would become more or less likely: {behaviours}? Answer in three lines and no more:
Meaning: one short sentence
Behaviour: one of the list, or none
Raised: more or less"""
HOLDS = """A turn of a conversation:

{turn}

Does this hold of it, or of a part of it: {says}? Answer with Yes or No."""
LINE = re.compile(r"^\W*(meaning|behaviou?r|raised)\W*:[ \t*_]*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
"""A line of the answer, with or without marks of emphasis."""
TURNS = 20
"""Turns asked about, active ones and silent ones each."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Described:
    """What a model said of a latent: the meaning, a behaviour of ``BEHAVIOURS`` or none, and the sign of its change."""

    says: str
    behaviour: str
    sign: int


def describe(teller: Subject, heard: Heard, latents: Sequence[int], shown: Sequence[Examples]) -> list[Label]:
    """A label for each latent, with the model's claim; told of turns, on where the latent is active at all.

    Raises:
        CasebackError: the model gave no description of any.
    """
    chats = [[user(question(each))] for each in shown]
    replies = teller.generate(chats, Sampling(max_new_tokens=160))
    read = [read_description(reply.text) for reply in replies]
    if latents and not any(read):
        said = next((reply.error or reply.text for reply in replies), "")
        raise CasebackError(
            f"{teller.name} described none of {len(latents)} latents; it was asked for three lines that begin with "
            f"Meaning, Behaviour and Raised, and said: {said[:120]!r}"
        )
    found = []
    for latent, one in zip(latents, read, strict=True):
        claim = claim_of(one.behaviour, one.sign) if one and one.behaviour else None
        says, typical = one.says if one else "no description came", typical_activation(heard, latent)
        found.append(Label(latent, says, teller.name, "", "turn", 0.0, typical, float("nan"), claim))
    return found


def question(examples: Examples) -> str:
    """What the model is asked about a latent."""
    return TELL.format(
        active="\n".join(map(marked, [*examples.highest, *examples.random])) or "(nowhere)",
        silent="\n".join(map(marked, examples.near)) or "(no example)",
        behaviours="; ".join(f"{each.name} ({each.says})" for each in BEHAVIOURS.values()),
    )


def marked(example: Example) -> str:
    """An example as a line of text, active tokens in marks; runs of them in one pair."""
    text = "".join(
        f"«{token}»" if value > 0 else token for token, value in zip(example.tokens, example.values, strict=True)
    )
    return "- " + text.replace("»«", "").replace("\n", " ")


def read_description(reply: str) -> Described | None:
    """The three lines of a reply; None where it has no meaning in it. A behaviour that is not on the list is none."""
    said = {name.lower()[:6]: text for name, text in LINE.findall(reply)}
    if "meanin" not in said:
        return None
    behaviour = next((name for name in BEHAVIOURS if name in said.get("behavi", "").lower()), "")
    sign = {"more": 1, "less": -1}.get(said.get("raised", "").lower().split(" ")[0].strip(".,*"), 0)
    return Described(said["meanin"], behaviour if sign else "", sign)


def detected(teller: Subject, heard: Heard, label: Label, tokenizer: Any, seed: int) -> Detection:
    """Scores of a described latent on turns that its description was not made of: as many active as silent, drawn at
    random and asked of the model one by one. What is neither Yes nor No is left out."""
    values_N = heard.turns.of(label.latent)
    rng = random.Random(f"detected/{seed}/{label.latent}")
    on, off = np.flatnonzero(values_N > label.level).tolist(), np.flatnonzero(values_N <= label.level).tolist()
    asked = rng.sample(on, min(TURNS, len(on))) + rng.sample(off, min(TURNS, len(off)))
    texts = [turn_text(heard, number, tokenizer) for number in asked]
    chats = [[user(HOLDS.format(turn=text, says=label.says.rstrip(".")))] for text in texts]
    verdicts = [read_verdict(reply.text) for reply in teller.generate(chats, Sampling(max_new_tokens=8))]
    kept = [(number, verdict) for number, verdict in zip(asked, verdicts, strict=True) if verdict is not None]
    numbers = np.array([number for number, _ in kept], dtype=np.int64)
    truth = np.array([verdict for _, verdict in kept], dtype=bool)
    return detection(values_N[numbers], label.level, truth, heard.turns.conversation[numbers])


def turn_text(heard: Heard, number: int, tokenizer: Any) -> str:
    """The words of a turn."""
    rows = np.arange(heard.turns.first[number], heard.turns.stop[number])
    return str(tokenizer.decode(heard.store.tokens(rows).tolist(), skip_special_tokens=True)).strip()
