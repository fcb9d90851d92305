"""Beliefs turned by one head, on the embedded model."""

import pytest

from caseback.errors import CasebackError
from caseback.interp.circuit.belief import turn_beliefs
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.reference import reference_path


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    made = load(str(reference_path()), dtype="float32")
    made.template_options = {"enable_thinking": False}
    return made


def test_one_head_turns_beliefs_and_another_does_not(subject: OpenSubject):
    found = list(turn_beliefs(subject, 8, 3, 2, 3))
    assert len(found) == 8
    assert {each.saw for each in found} == {True, False}
    assert sum(each.by_head for each in found) > sum(each.by_others for each in found)
    idle = list(turn_beliefs(subject, 8, 3, 4, 1))
    assert [each.case for each in idle] == [each.case for each in found]
    assert sum(each.by_head for each in idle) < sum(each.by_head for each in found)


def test_a_head_that_there_is_not(subject: OpenSubject):
    with pytest.raises(CasebackError, match="block 2 has no head 9: there are 4"):
        next(turn_beliefs(subject, 2, 3, 2, 9))
