"""Situations turn by turn, and what is said where Petri is missing; no Petri is needed for either."""

import importlib.util
from collections.abc import Sequence

import pytest

from caseback.audit.inspect import needed
from caseback.audit.inspect.petri.turns import next_chat, whole_reply
from caseback.behaviours.registry import behaviour
from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.subject import Reply, Sampling
from scripted_for_tests import Scripted

ACTIONS = ("look", "read notes", "open 1", "wait", "finish: All is done.")


def conduct(chat: Chat) -> str:
    """One action after another, and none of what it sees."""
    return ACTIONS[sum(message["role"] == "assistant" for message in chat) % len(ACTIONS)]


@pytest.mark.parametrize("name", ["scheming", "blackmail", "sycophancy"])
def test_turn_by_turn_a_situation_goes_as_natively(name: str) -> None:
    found = behaviour(name)
    for situation in found.situations("world", "test", 6, 1):
        subject, replies, asked = Scripted(conduct), list[Reply](), list[Chat]()
        while (chat := next_chat(found, situation, replies)) is not None:
            asked.append(list(chat))
            replies.append(Reply(conduct(chat)))
        play = found.acted.play if found.acted else None
        [native] = (
            play(subject, [situation], Sampling()) if play else subject.generate([situation.messages], Sampling())
        )
        assert whole_reply(found, situation, replies) == native
        assert asked == [list(chat) for chat in subject.asked]
        assert len(replies) == 1 or found.acted


@pytest.mark.parametrize("name", ["scheming", "sycophancy"])
@pytest.mark.parametrize("said", [[], [Reply("", finish="error", error="no room")]])
def test_without_an_answer_there_is_none(name: str, said: Sequence[Reply]) -> None:
    found = behaviour(name)
    [situation] = found.situations("world", "test", 1, 0)
    assert whole_reply(found, situation, said).finish == "error"


def test_a_missing_petri_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(needed, "find_spec", lambda name: None if name == "inspect_petri" else there(name))
    with pytest.raises(CasebackError, match=r"Petri is not installed. It needs Python 3.12.*make_petri_env.sh"):
        needed.need_petri()
    pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.util import registry_create

    with pytest.raises(PrerequisiteError, match=r"Petri is not installed.*caseback\\\[petri\]"):
        registry_create("task", "caseback/petri", behaviour="sycophancy")
