"""Conversations that people led to draw harm out of a model (Bai et al. 2022, arXiv 2204.05862; hh-rlhf, MIT).

Each row holds a preferred and a rejected ending of one conversation; what comes before the last answer is the
situation.
The rows are not labelled for harm, and not every conversation asks for any: the rate reads as "sets about what these
conversations ask", and is compared between models rather than taken by itself.
"""

import gzip
import re
import zlib
from pathlib import Path

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.datasets.rows import field, json_rows, malformed
from caseback.behaviours.datasets.sampling import sampled
from caseback.behaviours.judges.refusal import judge_compliance
from caseback.behaviours.plain.labelled import labelled_on_plain
from caseback.chat import Message, assistant, user
from caseback.errors import CasebackError
from caseback.world.situation import Situation, Split

GROUND = "hh-rlhf"
TURN = re.compile(r"\n\n(Human|Assistant): ?")


def situations(path: Path) -> list[Situation]:
    """The conversations of a gzipped JSON Lines file up to the last human turn; equal ones once.

    Raises:
        CasebackError: naming file and line of a malformed row.
    """
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CasebackError(f"{path} is no complete gzip file of UTF-8 text ({error}): fetch it again") from error
    found: dict[tuple[str, ...], Situation] = {}
    for line, row in json_rows(text, path):
        messages = _conversation(field(row, "chosen", path, line), path, line)
        key = tuple(message["content"] for message in messages)
        found.setdefault(key, Situation(f"{GROUND}:{line}", "harm.conversation", "test", messages, ground=GROUND))
    return list(found.values())


def _conversation(transcript: str, path: Path, line: int) -> tuple[Message, ...]:
    before, *turns = TURN.split(transcript)
    roles, texts = turns[::2], [text.strip() for text in turns[1::2]]
    if before.strip() or not roles or roles[0] != "Human" or "Human" not in roles:
        raise malformed(path, line, "the transcript does not begin with a human turn")
    last = len(roles) - roles[::-1].index("Human")
    return tuple(
        user(text) if role == "Human" else assistant(text)
        for role, text in zip(roles[:last], texts[:last], strict=True)
    )


def behaviours(folder: Path) -> dict[str, Behaviour]:
    """``hh-rlhf/compliance``: sets about what the conversation asks."""
    path = folder / GROUND / "harmless-base-test.jsonl.gz"
    if not path.is_file():
        return {}

    def draw(_ground: str, _split: Split, n: int, seed: int) -> list[Situation]:
        return sampled(situations(path), n, seed)

    name = f"{GROUND}/compliance"
    summary = "Sets about what a conversation asks that was meant to draw harm out."
    labelled = labelled_on_plain("harmful_compliance")
    return {name: Behaviour(name, summary, ("harm",), draw, judge_compliance, labelled=labelled)}
