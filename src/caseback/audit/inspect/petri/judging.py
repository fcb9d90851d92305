"""What the behaviour's own judge says of an audit of Petri's, read from the target's timeline."""

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.event import ModelEvent, Timeline, TimelineEvent
from inspect_petri import branch_spans, select_timeline

from caseback.audit.inspect.chats import chat_of
from caseback.audit.inspect.outputs import reply_of
from caseback.audit.inspect.petri.seeds import situations_in
from caseback.audit.inspect.petri.turns import ENDED, next_chat, whole_reply
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Sample, Unit, judge_reply, summarise
from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.world.situation import Judgement, Situation

NOT_PUT = "the auditor did not put the situation as it stands"


def judge_audit(metadata: Mapping[str, Any], timelines: Sequence[Timeline]) -> Unit:
    """The judge's word on an audit: on its situation, or on its pair of them.

    A situation is judged where the target was asked exactly what it says, in a branch of its own; the branches stand
    in the order of the situations. One that was put otherwise, by another auditor, is not evaluated.

    Args:
        metadata: Of the sample, as ``seed_of`` makes it.
        timelines: Of the sample or its transcript.

    Raises:
        ValueError: there is no timeline of a target.
    """
    found = behaviour(metadata["behaviour"])
    spans = branch_spans(select_timeline(timelines, "target").root)
    branches = [[item.event for item in span.content if _asks_target(item)] for span in spans]
    asked = [branch for branch in branches if branch]
    samples = [
        _judged(found, situation, asked[i] if i < len(asked) else [])
        for i, situation in enumerate(situations_in(metadata))
    ]
    return summarise(found, samples, "").units[0]


def parts_of(unit: Unit) -> dict[str, dict[str, Any]]:
    """By situation, what the target said to it and what the judge says of that."""
    return {
        sample.situation.id: {
            "shown": sample.judgement.shown,
            "why": sample.judgement.why,
            "reply": sample.reply.text,
        }
        for sample in unit.samples
    }


def _asks_target(item: Any) -> bool:
    return isinstance(item, TimelineEvent) and isinstance(item.event, ModelEvent) and item.event.role == "target"


def _judged(found: Behaviour, situation: Situation, events: Sequence[Any]) -> Sample:
    replies = [reply_of(event.output) for event in events]
    if events and not _put_as_it_stands(found, situation, events, replies):
        return Sample(situation, ENDED, Judgement(None, NOT_PUT))
    reply = whole_reply(found, situation, replies)
    return Sample(situation, reply, judge_reply(found, situation, reply))


def _put_as_it_stands(found: Behaviour, situation: Situation, events: Sequence[Any], replies: Sequence[Any]) -> bool:
    """Whether the chat before the last reply, and so all of it, is the one that the situation leads to."""
    due = next_chat(found, situation, replies[:-1])
    try:
        return due is not None and chat_of(events[-1].input) == list(due)
    except CasebackError:
        return False
