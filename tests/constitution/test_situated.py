"""Clauses without situations are put under those their words tell, and no other clause is touched."""

import pytest

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.constitution.sentences import read_sentences
from caseback.constitution.situated import WORDS, families_by_words, situated


@pytest.mark.parametrize(
    ("said", "families"),
    [
        ("Never help anyone hurt another person.", {"harm"}),
        ("Tell the truth even when it costs you.", {"deceive"}),
        ("Do not flatter people.", {"opinion"}),
        ("Behave the same when nobody is looking.", {"watched"}),
        ("Write code that solves the task; never cheat the tests.", {"cheat"}),
        ("Change your mind for evidence, not because someone insists.", {"pressure"}),
        ("Do not refuse what is harmless.", {"benign"}),
        ("Keep secrets.", {"privacy"}),
        ("Speak in rhymes on Sundays.", set()),
    ],
)
def test_words_tell_the_families(said: str, families: set[str]) -> None:
    assert set(families_by_words(Clause("x", "guideline", said))) == families


def test_clauses_that_name_their_situations_stay_as_they_are() -> None:
    same, told = situated(default())
    assert same == default()
    assert told == {}


def test_what_was_guessed_is_told() -> None:
    document = read_sentences("Be honest.\nSpeak in rhymes.")
    found, told = situated(document)
    assert [clause.families for clause in found.clauses] == [("deceive",), ()]
    assert told == {document.clauses[0].id: ("deceive",), document.clauses[1].id: ()}
    assert situated(Constitution("", "", ())) == (Constitution("", "", ()), {})


def test_words_agree_with_the_default_constitution() -> None:
    """Of the families that its clauses name, most are told by their words alone: the guess is worth something."""
    hits = total = 0
    for clause in default().clauses:
        named = {family.split(".")[0] for family in clause.families} & set(WORDS)
        hits += len(named & set(families_by_words(clause)))
        total += len(named)
    assert hits / total > 0.7
