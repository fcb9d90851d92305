"""Conversations with the truth about every token: what a span covers decodes to what the situation says."""

import codecs
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.labels.claims import CLAIMS
from caseback.interp.labels.conversations import LETTERS, TURN, aligned, conversations, documents
from caseback.interp.labels.variables import VARIABLES, Told
from caseback.interp.store.document import Document
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.spec import WORLD_A
from caseback.world.spelling import spelled
from caseback.world.worlds import WORLD_B
from models_for_tests import save_tiny


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("model"), max_position_embeddings=2048)))


@pytest.fixture(scope="module")
def told() -> list[Told]:
    return conversations(WORLD_A, "test", 10, 0)


def said(subject: OpenSubject, document: Document, name: str) -> list[str]:
    return [subject.tokenizer.decode(document.ids[a:b]) for n, a, b in document.spans if n == name]


@given(st.text(st.characters(categories=("L", "N", "P")), min_size=1).map(str), st.integers(1, 5))
def test_every_letter_is_found_where_it_went(word: str, times: int) -> None:
    text = " ".join([word] * times)
    places = aligned(text, spelled(text))
    letters = [(place, sign) for place, sign in zip(places, text, strict=True) if not sign.isspace()]
    assert all(spelled(text)[place] == sign for place, sign in letters)
    assert [place for place, _ in letters] == sorted({place for place, _ in letters})
    assert aligned(text, text)[-1] == len(text) - 1


def test_a_letter_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CasebackError, match="lacks 'q'"):
        aligned("question", "uestion")


@pytest.mark.parametrize("encoding", list(LETTERS))
def test_spans_cover_the_deed_in_every_encoding(subject: OpenSubject, told: list[Told], encoding: str) -> None:
    put = {"plain": str, "spelled out": spelled, "rot13": lambda text: codecs.encode(text, "rot13")}[encoding]
    checked = 0
    for one, document in zip(told, documents(subject, told, WORLD_A, encoding), strict=True):
        found = said(subject, document, "hurtful_deed")
        assert bool(found) == (one.kind in ("harm", "watched"))
        for text in found:
            assert put(one.situation.latents["asked"]).lower() in text.lower()
            assert len(text) <= len(put(one.situation.latents["asked"])) + 24  # the tokens at its edges, no more
            checked += 1
    assert checked >= 10


def test_turns_are_whole_and_variables_of_turns_have_their_span(subject: OpenSubject, told: list[Told]) -> None:
    for one, document in zip(told, documents(subject, told, WORLD_A), strict=True):
        turns = [(a, b) for name, a, b in document.spans if name == TURN]
        assert len(turns) == len(one.messages)
        assert all(stop == begin for (_, stop), (begin, _) in pairwise(turns))
        assert turns[-1][1] == len(document.ids)
        assert document.latents["coded"] == one.asked
        for (start, stop), message in zip(turns, one.messages, strict=True):
            assert message["content"] in subject.tokenizer.decode(document.ids[start:stop])
        for name, start, stop in document.spans:
            if name != TURN and VARIABLES[name].unit == "turn":
                assert (start, stop) in turns


@pytest.mark.parametrize("spec", [WORLD_A, WORLD_B])
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_variable_occurs_and_none_always(spec, split) -> None:  # type: ignore[no-untyped-def]
    drawn = conversations(spec, split, 12, 1)
    for variable in VARIABLES.values():
        where = [bool(variable.where(one, spec)) for one in drawn]
        assert any(where), variable.name
        assert not all(where), variable.name


def test_the_truth_of_replies_is_that_of_the_oracle(told: list[Told]) -> None:
    from caseback.world.oracle import judge

    for one in told:
        if one.kind in ("harm", "watched", "benign", "opinion", "deceive", "sandbag", "pressure", "cheat", "self"):
            shown = judge(one.situation, one.messages[-1]["content"]).shown
            assert shown is None or shown == one.bad, one.messages
    named = {name for one in told for name, v in VARIABLES.items() if v.where(one, WORLD_A)}
    assert named >= {"refuses", "tells_how", "states_false", "made_for_tests", "claims_life"}


def test_claims_are_of_variables_and_their_cases_differ_in_what_they_name() -> None:
    assert set(CLAIMS) < set(VARIABLES)
    assert not any(VARIABLES[name].lexical for name in CLAIMS)
    for name, claim in CLAIMS.items():
        absent, present = (make(WORLD_A, "test", 4, 0) for make in (claim.absent, claim.present))
        assert len(absent) == len(present) == 4, name
        assert all(case.shows != case.lacks for case in (*absent, *present))
        assert {case.chat for case in map(_still, absent)}.isdisjoint(case.chat for case in map(_still, present)), name


def _still(case):  # type: ignore[no-untyped-def]
    class Frozen:
        chat = tuple(message["content"] for message in case.chat)

    return Frozen


def test_an_unknown_encoding_is_named(subject: OpenSubject, told: list[Told]) -> None:
    with pytest.raises(CasebackError, match="no encoding 'morse'"):
        next(documents(subject, told, WORLD_A, "morse"))


def test_the_same_seed_gives_the_same_conversations(tmp_path: Path) -> None:
    random.seed(3)
    first = conversations(WORLD_A, "train", 2, 5)
    assert first == conversations(WORLD_A, "train", 2, 5)
    assert first != conversations(WORLD_A, "train", 2, 6)
