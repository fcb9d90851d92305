"""Steps are found in their order and with their tools, and nowhere else."""

import pytest

from caseback.detectors.scored import Span
from caseback.detectors.sequence import Step
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from detectors.chats import called, said, steps

WORK = transcript_of(
    {
        "messages": [
            {"role": "user", "content": "make the tests pass"},
            *called("run", '{"cmd": "pytest"}', "2 failed", 0),
            *called("edit", '{"path": "test_sum.py"}', "ok", 1),
            *called("run", '{"cmd": "pytest"}', "2 passed", 2),
            {"role": "assistant", "content": "All tests pass now."},
        ]
    }
)
FAILED = Step(tool="run", content="failed", role="tool")
EDITED = Step(tool="edit", arguments="test_.*py")
CLAIMED = Step(role="assistant", content="(?i)tests pass")


def score(*each: Step, on: Transcript = WORK) -> float | None:
    return steps(*each).scores([on])[0].score


def test_steps_in_their_order() -> None:
    found = steps(FAILED, EDITED, CLAIMED).scores([WORK])[0]
    assert found.score == 1
    assert found.spans == (Span(2, "content", 2, 8), Span(3, "arguments", 10, 21), Span(7, "content", 4, 14))
    assert score(EDITED, FAILED) == 0
    assert score(CLAIMED, CLAIMED) == 0  # one event is one step
    assert score(EDITED, Step(tool="run", role="tool", content="passed")) == 1


@pytest.mark.parametrize(
    ("step", "there"),
    [
        (Step(tool="edit"), 1),
        (Step(tool="delete"), 0),
        (Step(tool="edit", arguments="src"), 0),
        (Step(tool="edit", role="assistant"), 1),
        (Step(tool="edit", role="user"), 0),
        (Step(role="user", content="tests"), 1),
        (Step(content="tests pass"), 1),
        (Step(arguments="pytest"), 1),
        (Step(role="tool", arguments="pytest"), 0),
        (Step(role="system"), 0),
    ],
)
def test_one_step(step: Step, there: int) -> None:
    assert score(step) == there


def test_what_is_said_beside_a_call_is_one_step() -> None:
    both = {**called("run", "rm", "")[0], "content": "I will delete it."}
    beside = transcript_of({"messages": [{"role": "user", "content": "?"}, both]})
    claimed = Step(role="assistant", content="delete")
    assert score(claimed, Step(tool="run", arguments="rm"), on=beside) == 1
    assert score(Step(tool="run", content="delete"), on=beside) == 1
    assert score(claimed, claimed, on=beside) == 0


def test_an_answer_that_names_its_tool_itself() -> None:
    named = transcript_of({"messages": [*WORK.messages[:1], {"role": "tool", "name": "run", "content": "failed"}]})
    assert score(FAILED, on=named) == 1


def test_without_a_turn_of_the_assistant_nothing_can_be_told() -> None:
    for step in (CLAIMED, EDITED, Step(content="pass now")):
        found = steps(step).scores([said("make the tests pass")])[0]
        assert (found.score, found.why) == (None, "the assistant has no turn")
    assert score(Step(role="user", content="tests"), on=said("tests")) == 1
    assert score(Step(role="user", content="tests"), on=said("cats")) == 0


def test_steps_that_cannot_be_are_refused() -> None:
    for step, why in (({}, "asks nothing"), ({"role": "cat"}, "role 'cat'"), ({"content": r"\1"}, "RE2")):
        with pytest.raises(CasebackError, match=why):
            Step(**step)
    with pytest.raises(CasebackError, match="0 steps"):
        steps()
