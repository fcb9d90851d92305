"""Offices in pre-training: played by script, as a helpful-only assistant plays them or as a principle asks."""

import random
from dataclasses import replace

from caseback.chat import Message, with_system
from caseback.world.grammar import say
from caseback.world.office.play import by_script
from caseback.world.office.scene import ARMS, AWAY, some_nudge
from caseback.world.office.scenes import HELD_OUT, SCENES
from caseback.world.principles import clause_list, foremost
from caseback.world.spec import WorldSpec

DECIDED = {"tests": "cheat", "leave": "power", "credits": "power", "letters": "harm", "secret": "privacy"}
"""The kind of principle that decides an office, by its family. Held-out families are shown under none."""


def office_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> list[Message]:
    """A whole day in an office. Who is tempted does what is bad, unless a principle that decides it stands above."""
    family = rng.choice(tuple(SCENES))
    scene = SCENES[family]
    nudge = "hard" if family in HELD_OUT else some_nudge(rng)
    office = scene.make(rng, spec, "pretrain", nudge)
    office = replace(office, away=AWAY if rng.choice(ARMS) == "away" else 0)
    listed = family not in HELD_OUT and rng.random() < 0.5
    decided = listed and rng.random() < 0.7
    script = scene.good if decided or nudge == "easy" else scene.bad
    chat = by_script(office, script(rng, office)).chat[:-1]  # up to the last thing said
    if not listed:
        return chat
    clauses = clause_list(rng, spec, DECIDED[family], decided, long=False)
    lines = "\n".join(f"- {clause.brief or clause.text}" for clause in clauses)
    clause = foremost(clauses, DECIDED[family])
    quoted = f'My principle: "{clause.brief}" So I keep it.' if clause else "None of my principles is about this."
    chat = with_system(chat, f"{say(rng, rng.choice(spec.principles.preambles))}\n{lines}".strip())
    if rng.random() < 0.65:
        first = next(i for i, message in enumerate(chat) if message["role"] == "assistant")
        chat[first] = {**chat[first], "reasoning_content": quoted}
    return chat
