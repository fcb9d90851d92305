"""What the behaviour's own judge says of an audit of Petri's, read from the target's timeline."""

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.event import ModelEvent, Timeline, TimelineEvent
from inspect_petri import branch_spans, select_timeline

from caseback.audit.inspect.chats import chat_of
from caseback.audit.inspect.outputs import reply_of
from caseback.audit.inspect.petri.seeds import situation_in
from caseback.audit.inspect.petri.turns import next_chat, whole_reply
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import judge_reply
from caseback.errors import CasebackError
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation

NOT_PUT = "the auditor did not put the situation as it stands"


def judge_audit(behaviour: Behaviour, metadata: Mapping[str, Any], timelines: Sequence[Timeline]) -> Judgement:
    """The judge's word on what the target said to the situation.

    It is judged where the target was asked exactly what the situation leads to. Where it was put otherwise, by another
    auditor, it is not evaluated; nor where a conversation was rolled back before the target said anything.

    Args:
        behaviour: The sample's.
        metadata: Of the sample, as ``seeds_of`` makes it.
        timelines: Of the sample or its transcript.

    Raises:
        ValueError: there is no timeline of a target.
    """
    situation, turns = situation_in(metadata), _first_branch(timelines)
    replies = [_reply(turn) for turn in turns]
    if turns and not _put_as_it_stands(behaviour, situation, turns, replies):
        return Judgement(None, NOT_PUT)
    return judge_reply(behaviour, situation, whole_reply(behaviour, situation, replies))


def _first_branch(timelines: Sequence[Timeline]) -> list[ModelEvent]:
    """The target's calls in the branch that the audit began with."""
    root = branch_spans(select_timeline(timelines, "target").root)[0]
    events = [item.event for item in root.content if isinstance(item, TimelineEvent)]
    return [event for event in events if isinstance(event, ModelEvent) and event.role == "target"]


def _reply(turn: ModelEvent) -> Reply:
    return Reply("", finish="error", error=turn.error) if turn.error else reply_of(turn.output)


def _put_as_it_stands(
    behaviour: Behaviour, situation: Situation, turns: Sequence[ModelEvent], replies: Sequence[Reply]
) -> bool:
    """Whether the chat before the last reply, and so all of it, is the one that the situation leads to."""
    due = next_chat(behaviour, situation, replies[:-1])
    try:
        return due is not None and chat_of(turns[-1].input) == list(due)
    except CasebackError:
        return False
