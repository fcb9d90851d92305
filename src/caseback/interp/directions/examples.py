"""Labelled transcripts, and their activations."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import Tensor

from caseback.chat import Message
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Reading, pooled
from caseback.interp.part import Part, Pool
from caseback.subject.capture import capture
from caseback.subject.chat_format import Prompt
from caseback.subject.digest import joined_digest
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

Progress = Callable[[int, int], None]
Place = tuple[Site, Reading]
"""Where activations are read, and which tokens' they are."""


@dataclass(frozen=True)
class Question:
    """What the model itself may be asked about an example, and the two answers to weigh against each other."""

    text: str
    yes: str = "Yes"
    no: str = "No"


@dataclass(frozen=True)
class Example:
    """A chat that waits for the assistant's turn, perhaps with what it said there, and whether it is of the class.

    ``family`` is what is kept together when data are split and when intervals are made. ``question`` puts the label to
    the model itself.
    """

    chat: tuple[Message, ...]
    label: bool
    family: str
    reply: str = ""
    question: Question | None = None

    @property
    def text(self) -> str:
        """All that is read of it, as plain text."""
        said = "\n".join(message["content"] for message in self.chat)
        return f"{said}\n{self.reply}" if self.reply else said


def examples_digest(examples: Sequence[Example]) -> str:
    """``sha256:…`` of the examples in their order."""
    return joined_digest(json.dumps(asdict(example), sort_keys=True) for example in examples)


def check_classes(examples: Sequence[Example], what: str) -> None:
    """See that there is something to tell apart.

    Raises:
        CasebackError: no examples, or all of one class.
    """
    positives = sum(example.label for example in examples)
    if not examples:
        raise CasebackError(f"no examples to {what}: give some of both classes")
    if positives in (0, len(examples)):
        one = "positive" if positives else "negative"
        raise CasebackError(f"all {len(examples)} examples to {what} are {one}: give some of both classes")


def tokens_of(subject: OpenSubject, example: Example, part: Part) -> tuple[list[int], range]:
    """An example's tokens, and the positions of the part that is read.

    Raises:
        CasebackError: the reply is to be read and is empty.
    """
    prompt = subject.format.prompt(example.chat)
    if part == "prompt":
        return prompt.ids, range(len(prompt.ids))
    if part == "turn":
        return prompt.ids, range(_turn(subject, prompt, example.chat[-1]["content"]), len(prompt.ids))
    reply = subject.continuation_ids(prompt, example.reply) if example.reply else []
    if not reply:
        raise CasebackError(f"an example of {example.family} has no reply to read: give one, or read the prompt")
    return [*prompt.ids, *reply], range(len(prompt.ids), len(prompt.ids) + len(reply))


def activations(
    subject: OpenSubject,
    examples: Sequence[Example],
    places: Sequence[Place],
    progress: Progress | None = None,
) -> Tensor:
    """Activations at each place, pooled over the tokens that are read: fp32 ``[examples, places, d]`` on the CPU.

    One forward pass per example serves all places, which must read the same part of it.

    Raises:
        CasebackError: a pool that is not linear, places that read unlike parts or are of unlike width, an empty reply,
            or an activation that is not finite.
    """
    for _, reading in places:
        if reading.pool not in ("last", "mean"):
            raise CasebackError(f"activations are pooled by last or mean, not {reading.pool}, which is for scores")
    parts = {reading.part for _, reading in places}
    if len(parts) != 1:
        raise CasebackError(f"places to read activations at must read one part of an example, not {len(parts)}")
    only_last = all(reading.pool == "last" for _, reading in places)
    rows, wanted = _rows(subject, examples, parts.pop(), "last" if only_last else None)
    sites = [site for site, _ in places]
    found = []
    for done, captured in enumerate(capture(subject.model, rows, sites, positions=wanted), start=1):
        each = [_pooled(captured.at[site], reading.pool) for site, reading in places]
        if len({len(act) for act in each}) > 1:
            raise CasebackError("the sites are of unlike width: name sites of one kind")
        act_KD = torch.stack(each).cpu()
        if not bool(act_KD.isfinite().all()):
            bad = next(site for site, act in zip(sites, act_KD, strict=True) if not bool(act.isfinite().all()))
            raise CasebackError(
                f"activations at {bad} of example {captured.index} ({examples[captured.index].family}) are not finite: "
                "load the model in float32 or bfloat16, or look for what is wrong in its weights"
            )
        found.append(act_KD)
        if progress:
            progress(done, len(rows))
    width = int(subject.model.config.get_text_config().hidden_size)
    return torch.stack(found) if found else torch.zeros(0, len(places), width)


def _pooled(acts_TD: Tensor, pool: Pool) -> Tensor:
    """The last row, or the mean of all, flattened."""
    return (acts_TD[-1] if pool == "last" else acts_TD.float().mean(0)).float().flatten()


def _turn(subject: OpenSubject, prompt: Prompt, content: str) -> int:
    """The position at which the last message begins in the prompt."""
    start = prompt.text.rfind(content)
    if start < 0:
        raise CasebackError("the chat template rewrites the last message: its place cannot be told; read the prompt")
    before = subject.tokenizer(prompt.text[:start], add_special_tokens=not subject.has_template).input_ids
    return min(len(before), len(prompt.ids) - 1)


def token_scores(direction: Direction, subject: OpenSubject, examples: Sequence[Example], part: Part) -> list[Tensor]:
    """For each example the score of every token of a part ``[tokens]``, fp32 on the CPU."""
    rows, wanted = _rows(subject, examples, part, None)
    site = direction.site
    return [
        direction.score(c.at[site].flatten(1)).cpu() for c in capture(subject.model, rows, [site], positions=wanted)
    ]


def scores(
    direction: Direction,
    subject: OpenSubject,
    examples: Sequence[Example],
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> list[float]:
    """One score per example, read as the direction says or as ``reading`` does.

    ``intervene`` may be active around it. The direction must belong to the subject (``load_direction`` sees to it).
    """
    reading = reading or direction.reading
    if reading.pool in ("last", "mean"):
        acts_ND = activations(subject, examples, [(direction.site, reading)], progress)[:, 0]
        return [float(score) for score in direction.score(acts_ND)]
    return [pooled(each, reading.pool) for each in token_scores(direction, subject, examples, reading.part)]


def _rows(
    subject: OpenSubject, examples: Sequence[Example], part: Part, pool: Pool | None
) -> tuple[list[list[int]], list[range]]:
    pairs = list(map(partial(tokens_of, subject, part=part), examples))
    ends = [range(span.stop - 1, span.stop) if pool == "last" else span for _, span in pairs]
    return [ids for ids, _ in pairs], ends
