"""Couplets given another's word, on the embedded model."""

import pytest

from caseback.interp.circuit.rhyme import rhymes, swap_rhymes
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import parse_site
from caseback.world.reference import reference_path


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    made = load(str(reference_path()), dtype="float32")
    made.template_options = {"enable_thinking": False}
    return made


def test_what_a_couplet_ends_in():
    assert rhymes("The sun is on the hill,\nand I am waiting still.", frozenset({"still", "mill"}))
    assert not rhymes("The sun is on the still,\nand I am waiting here.", frozenset({"still", "mill"}))
    assert not rhymes("No second line still", frozenset({"still"}))


def test_the_word_in_the_request_is_what_is_rhymed_with(subject: OpenSubject):
    found = list(swap_rhymes(subject, 6, 3, parse_site("resid_pre.2")))
    assert len(found) == 6
    one, two = found[0].case.split(" for ")
    assert found[1].case == f"{two} for {one}"
    for each in found:
        # What is put in stands behind a first line that is already written.
        assert each.break_reply.partition("\n")[0] == each.word_reply.partition("\n")[0]
    assert sum(each.at_word for each in found) > sum(each.at_break for each in found)


def test_at_the_last_block_the_word_has_been_read_already(subject: OpenSubject):
    late = list(swap_rhymes(subject, 4, 3, parse_site("resid_post.5")))
    assert not any(each.at_word for each in late)
