"""Activations of a transcript's tokens, or why there are none."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from torch import Tensor

from caseback.chat import Message
from caseback.detectors.faults import NOT_FINITE
from caseback.detectors.fits import NO_MODEL, Fits, of_another_model
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import pooled
from caseback.interp.directions.examples import Example, tokens_of
from caseback.interp.part import Part, Pool
from caseback.subject.capture import capture
from caseback.subject.context import context_length
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

Acts = Mapping[Site, Tensor]


def scored_by_tokens(
    fits: Fits,
    subject: OpenSubject | None,
    transcripts: Sequence[Transcript],
    sites: Sequence[Site],
    part: Part,
    pool: Pool,
    of: Callable[[Acts], Tensor],
) -> list[Scored]:
    """Each transcript's token scores, which ``of`` makes from activations ``[tokens, …]`` per site, pooled."""
    if subject is None:
        return [Scored(None, NO_MODEL)] * len(transcripts)
    if why := of_another_model(fits, subject):
        return [Scored(None, why)] * len(transcripts)
    return [
        Scored(None, read) if isinstance(read, str) else _scored(of(read).cpu(), pool)
        for read in read_activations(subject, transcripts, sites, part)
    ]


def _scored(tokens: Tensor, pool: Pool) -> Scored:
    return Scored(pooled(tokens, pool), tokens=tuple(tokens.tolist()))


def read_activations(
    subject: OpenSubject, transcripts: Sequence[Transcript], sites: Sequence[Site], part: Part
) -> Iterator[Acts | str]:
    """For each transcript the activations of a part's tokens at the sites, or why they cannot be read.

    Raises:
        CasebackError: the model has no such site.
    """
    rows = [_row(subject, each, part) for each in transcripts]
    able = [row for row in rows if not isinstance(row, str)]
    captured = capture(subject.model, [ids for ids, _ in able], sites, positions=[span for _, span in able])
    for row in rows:
        if isinstance(row, str):
            yield row
            continue
        at = next(captured).at
        bad = [site for site, acts in at.items() if not bool(acts.isfinite().all())]
        yield f"activations at {bad[0]} {NOT_FINITE}" if bad else at


def tokens_read(subject: OpenSubject, transcript: Transcript, part: Part) -> list[int]:
    """The tokens whose activations are read; none where nothing can be."""
    row = _row(subject, transcript, part)
    return [] if isinstance(row, str) else [row[0][at] for at in row[1]]


def _row(subject: OpenSubject, transcript: Transcript, part: Part) -> tuple[list[int], range] | str:
    """A transcript's tokens and the positions that are read, or why not."""
    reply = transcript.reply or {"content": ""}
    if part == "reply" and reply.get("tool_calls"):
        return "the reply calls a tool, and such tokens are not read yet"
    if part == "reply" and not reply["content"].strip():
        return "no reply to read"
    chat = cast(tuple[Message, ...], transcript.messages[: transcript.places("prompt").stop])
    try:
        ids, span = tokens_of(subject, Example(chat, False, "", reply["content"]), part)
        if left := left_out(subject.format.prompt(chat).text, chat):
            return f"the chat template leaves out {left}"
    except CasebackError as error:  # an empty chat, or one that the template refuses
        return str(error)
    limit = context_length(subject.model)
    if limit is not None and len(ids) > limit:
        return f"{len(ids)} tokens are longer than the context of {limit}"
    return (ids, span) if len(span) else f"no tokens in the {part}"


def left_out(text: str, chat: Sequence[Any]) -> str:
    """What of the chat is not in the prompt's text: templates are free to drop what they do not know.

    A message is known by its longest word, since templates trim and escape.
    """
    for message in chat:
        for call in message.get("tool_calls", ()):
            if call["function"]["name"] not in text:
                return "a call of a tool"
        if max(re.findall(r"\w+", message["content"], re.ASCII), key=len, default="") not in text:
            return f"what the {message['role']} said"
    return ""
