"""The detectors at work on a subject that is served, sorted into what is read of prompts and of replies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from caseback.chat import Message
from caseback.detectors.faults import FAILED, NOT_FINITE, UNREAD
from caseback.detectors.reading import left_out
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import pooled
from caseback.interp.directions.examples import Example, tokens_of
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply
from caseback.watch.serving.ask import Ask
from caseback.watch.serving.plan import Plan, plan_for
from caseback.watch.serving.pool import Floats, Growing
from caseback.watch.serving.probes import Probe, part_of, pool_of, probes_in, sort_out
from caseback.watch.serving.reading import finished
from caseback.watch.serving.seat import Limits, Seat
from caseback.watch.serving.told import with_scores
from caseback.watch.verdict import Verdict, above
from caseback.watch.watching import Watching, verdict_from


@dataclass(frozen=True, eq=False)
class Watched:
    """What is watched, and how it is read.

    Attributes:
        watchings: Those that need activations.
        probes: All directions and latents in them.
        prompt: Numbers of the probes that read the prompt or its last turn.
        reply: Of those that read the reply.
        unable: Why the others cannot be read.
        limits: Thresholds of the probes that end a reply.
        shown: Of the replies' probes those that are detectors by themselves: number among ``reply``, name, threshold.
        prompts: How prompts are read; None where nothing reads them.
        replies: How replies are.
    """

    watchings: tuple[Watching, ...]
    probes: tuple[Probe, ...]
    prompt: tuple[int, ...]
    reply: tuple[int, ...]
    unable: dict[int, str]
    limits: Limits
    shown: tuple[tuple[int, str, float], ...]
    prompts: Plan | None
    replies: Plan | None

    @property
    def stops(self) -> bool:
        """Whether any ends a reply while it grows."""
        return bool(np.isfinite(self.limits.reply).any())


def watch(subject: OpenSubject, watchings: Sequence[Watching]) -> Watched:
    """Makes ready to read what the detectors need; those that need only text are left to others."""
    mine = tuple(each for each in watchings if each.detector.needs == "activations")
    probes: list[Probe] = []
    ends: list[float] = []
    alone: dict[int, float] = {}
    for each in mine:
        for probe in probes_in(each.detector):
            if probe is each.detector:
                alone[len(probes)] = each.threshold
            probes.append(probe)
            # A detector of several members has its score at the end only, so it cannot end a reply before.
            ends.append(each.threshold if each.policy == "stop" and probe is each.detector else np.inf)
    sorted_out = sort_out(probes, subject)
    prompt = tuple(at for at in sorted_out.able if part_of(probes[at]) != "reply")
    reply = tuple(at for at in sorted_out.able if part_of(probes[at]) == "reply")
    limits = Limits(*(np.array([ends[at] for at in numbers], dtype=np.float64) for numbers in (prompt, reply)))
    plans = [_plan([probes[at] for at in numbers], subject.device) for numbers in (prompt, reply)]
    shown = tuple((number, probes[at].name, alone[at]) for number, at in enumerate(reply) if at in alone)
    return Watched(mine, tuple(probes), prompt, reply, sorted_out.unable, limits, shown, *plans)


def _plan(probes: Sequence[Probe], device: torch.device) -> Plan | None:
    return plan_for(probes, device) if probes else None


@dataclass(frozen=True, eq=False)
class Places:
    """Which tokens of a prompt are read.

    Attributes:
        start: Place of the first that any probe reads; None where none reads the prompt.
        turn: Place at which the last turn begins; None where nobody asks, or it cannot be told.
        why: Why the last turn's place cannot be told.
    """

    start: int | None
    turn: int | None
    why: str = ""


def places(watched: Watched, subject: OpenSubject, ask: Ask) -> Places:
    """Which tokens of this prompt are read."""
    parts = {part_of(watched.probes[at]) for at in watched.prompt}
    turn, why = None, ""
    if "turn" in parts:
        try:
            ids, span = tokens_of(subject, Example(cast(tuple[Message, ...], ask.chat), False, ""), "turn")
            # A prompt with tools, or with its own options for the template, has more in it than the plain one.
            turn = len(ask.prompt.ids) - len(span)
            if ids[span.start :] != ask.prompt.ids[turn:]:
                turn, why = None, "the place of the last turn cannot be told with these options of the template"
        except CasebackError as error:
            why = str(error)
    start = 0 if "prompt" in parts else turn
    return Places(start, turn, why)


def prompt_check(watched: Watched, where: Places) -> Callable[[Floats], bool]:
    """Tells whether a prompt's scores end the reply before it begins."""

    def check(scores: Floats) -> bool:
        return any(
            (scored := _prompt_scored(watched, number, scores, where)).score is not None
            and above(scored.score, watched.limits.prompt[number])
            for number in range(len(watched.prompt))
            if np.isfinite(watched.limits.prompt[number])
        )

    return check


def growing(watched: Watched) -> Growing:
    """Pools of the probes that read replies."""
    return Growing([pool_of(watched.probes[at]) for at in watched.reply])


def verdicts(watched: Watched, ask: Ask, where: Places, seat: Seat, reply: Reply) -> tuple[Verdict, ...]:
    """What every detector says of an exchange that has ended."""
    scored: dict[int, Scored] = {}
    unread = seat.failed and f"{UNREAD}: {seat.failed}"[:300]
    said = seat.counted.said(seat.row.tokens, (*seat.sampling.stop, *ask.format.stops))
    lacking = left_out(ask.prompt.text, ask.transcript.messages)
    common = f"the chat template leaves out {lacking}" if lacking else unread
    for at, why in watched.unable.items():
        scored[id(watched.probes[at])] = Scored(None, why)
    for number, at in enumerate(watched.prompt):
        scored[id(watched.probes[at])] = (
            Scored(None, common) if common else _prompt_scored(watched, number, seat.prompt_scores, where)
        )
    read = [place for place in said if place < len(seat.scores)]
    scores = np.array([seat.scores[place] for place in read], dtype=np.float32)
    if read and seat.growing is None and watched.replies is not None:
        scores = finished(watched.replies, scores)
    for number, at in enumerate(watched.reply):
        scored[id(watched.probes[at])] = (
            Scored(None, common) if common else _reply_scored(watched, number, seat, scores)
        )
    whole = _transcript(ask.transcript, reply)
    return tuple(_verdict(each, scored, whole) for each in watched.watchings)


def _verdict(each: Watching, scored: dict[int, Scored], transcript: Transcript) -> Verdict:
    if id(each.detector) in scored:
        return verdict_from(each, scored[id(each.detector)])
    try:
        [found] = with_scores(each.detector, scored).scores([transcript], None)
    except Exception as error:  # whatever a detector does, the exchange goes on and the failure is counted
        found = Scored(None, f"{FAILED}: {type(error).__name__}: {error}"[:300])
    return verdict_from(each, found)


def _transcript(asked: Transcript, reply: Reply) -> Transcript:
    thinking = {"reasoning_content": reply.thinking} if reply.thinking else {}
    said = {"role": "assistant", "content": reply.text, **thinking}
    return Transcript((*asked.messages, said))


def _prompt_scored(watched: Watched, number: int, scores: Floats | None, where: Places) -> Scored:
    probe = watched.probes[watched.prompt[number]]
    if part_of(probe) == "turn" and where.turn is None:
        return Scored(None, where.why)
    if scores is None:
        return Scored(None, "the exchange ended before its prompt was read")
    start = where.turn if part_of(probe) == "turn" else 0
    return _scored(scores[(start or 0) - (where.start or 0) :, number], probe)


def _reply_scored(watched: Watched, number: int, seat: Seat, scores: Floats) -> Scored:
    probe = watched.probes[watched.reply[number]]
    if not len(scores):
        return Scored(None, "no reply to read")
    scored = _scored(scores[:, number], probe)
    if seat.stopped == "reply" and seat.pools and scored.score is not None:
        # What ended it is what counts: the pool at its last token, blanks and all.
        return Scored(float(seat.pools[-1][number]), tokens=scored.tokens)
    return scored


def _scored(tokens: Floats, probe: Probe) -> Scored:
    if not np.isfinite(tokens).all():
        return Scored(None, f"the activations that it reads {NOT_FINITE}")
    return Scored(pooled(torch.from_numpy(np.ascontiguousarray(tokens)), pool_of(probe)), tokens=tuple(tokens.tolist()))
