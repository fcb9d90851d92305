"""A model that proposes: any OpenAI-compatible address that answers in JSON. What it says is data, and bounded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseback.chat import Message
from caseback.errors import CasebackError
from caseback.research.job import Job
from caseback.research.propose import Proposal, Tried
from caseback.research.space import checked, told
from caseback.subject.subject import Sampling, Subject

ATTEMPTS = 3
"""Times a model is asked again whose answer was of no use, before the search steps in."""
LONGEST = 20_000
"""Characters of an answer that are read."""
SHOWN = 12
"""Of what was tried, the best and the last that it is shown."""
WHY = 300
SAMPLING = Sampling(max_new_tokens=1200, temperature=0.8)


@dataclass(frozen=True)
class Asked:
    """What a model proposed, and how much of its answer was of no use.

    ``garbage`` counts answers that are no proposals and proposals outside the space, ``repeats`` those that were tried
    already, ``dropped`` those beyond what was asked for, and answers longer than are read.
    """

    proposals: list[Proposal]
    garbage: int
    repeats: int
    dropped: int

    @property
    def counts(self) -> dict[str, int]:
        """The counts as plain data."""
        return {"garbage": self.garbage, "repeats": self.repeats, "dropped": self.dropped}


@dataclass(frozen=True)
class Asker:
    """A subject, open or closed, to ask for proposals."""

    subject: Subject
    seed: int = 0

    def propose(self, job: Job, tried: Sequence[Tried], n: int) -> Asked:
        """At most ``n`` proposals; fewer where the model has no more that are of use after a few attempts."""
        made: list[Proposal] = []
        garbage = repeats = dropped = 0
        seen = [dict(each.settings) for each in tried]
        for attempt in range(ATTEMPTS):
            chat = prompt(job, tried, n - len(made))
            [reply] = self.subject.generate([chat], SAMPLING, seeds=[self.seed * 1000 + len(seen) * 10 + attempt])
            found = read(reply.text)
            garbage += found is None
            for each in (found or [])[: max(n - len(made), 0)]:
                try:
                    proposal = proposal_of(job, each)
                except CasebackError:
                    garbage += 1
                    continue
                if proposal.settings in seen:
                    repeats += 1
                    continue
                seen.append(proposal.settings)
                made.append(proposal)
            dropped += max(0, len(found or []) - n) + (len(reply.text) > LONGEST)
            if len(made) >= n:
                break
        return Asked(made, garbage, repeats, dropped)


def prompt(job: Job, tried: Sequence[Tried], n: int) -> list[Message]:
    """What the model is told: the job, the space, what was tried, and the form of an answer."""
    ranked = sorted((each for each in tried if each.score is not None), key=lambda each: -(each.score or 0.0))
    shown = {id(each): each for each in [*ranked[:SHOWN], *tried[-SHOWN:]]}.values()
    lines = [json.dumps({"score": each.score, "settings": dict(each.settings)}) for each in shown]
    form = '{"proposals": [{"settings": {…}, "why": "…", "predicts": "above" or "below"}]}'
    text = "\n".join([
        f"You are a researcher with one narrow job. {job.about}",
        "Propose settings to try. Parameters and the values that each may have:",
        json.dumps(told(job.space)),
        "Tried so far (score on open data, higher is better, null where it failed):",
        *(lines or ["nothing"]),
        f"The hand-written settings are {json.dumps(dict(job.default))}. A proposal predicts, before it is tried, "
        "whether it scores above or below them. Change the seed only with a reason: no result should hang on it.",
        f"Answer with {n} proposals that were not tried, as JSON and nothing else: {form}",
    ])  # fmt: skip
    return [{"role": "user", "content": text}]


def read(text: str) -> list[Any] | None:
    """The proposals in an answer, whatever they hold; None where it is not of the form asked for."""
    text = text[:LONGEST]
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    found = answer.get("proposals") if isinstance(answer, dict) else None
    return found if isinstance(found, list) else None


def proposal_of(job: Job, given: Any, by: str = "model") -> Proposal:
    """A proposal from what a model, or a person, said.

    Raises:
        CasebackError: its settings are outside the space, or it predicts nothing.
    """
    if not isinstance(given, dict) or given.get("predicts") not in ("above", "below"):
        raise CasebackError("a proposal has settings, why, and predicts, which is above or below")
    settings = given.get("settings")
    if isinstance(settings, dict) and "seed" in job.space:
        settings = {"seed": job.default["seed"], **settings}
    return Proposal(checked(job.space, settings), by, str(given.get("why", ""))[:WHY], given["predicts"])
