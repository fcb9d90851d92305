"""The same document told in other ways: of one length, and what each says."""

from dataclasses import replace

import pytest

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.constitution.render import estimate_tokens, sentences_of, short
from caseback.constitution.variants import ONE_SENTENCE, VARIANTS, lines_of, told
from caseback.errors import CasebackError


@pytest.mark.parametrize("variant", ["rules", "paraphrase"])
def test_tellings_of_the_default_are_about_as_long_as_with_reasons(variant: str) -> None:
    document = default()
    wanted = estimate_tokens(told(document, document.clauses, "reasons", estimate_tokens))
    length = estimate_tokens(told(document, document.clauses, variant, estimate_tokens))  # type: ignore[arg-type]
    assert abs(length - wanted) < 0.12 * wanted


def test_only_reasons_give_reasons() -> None:
    document = default()
    for variant in VARIANTS:
        text = told(document, document.clauses, variant, estimate_tokens)
        for clause in document.clauses:
            reason = sentences_of(clause.reason)[0]
            assert (reason[1:] in text) == (variant == "reasons"), (variant, clause.id)


def test_every_line_begins_with_the_short_wording_and_adds_the_clause_s_own_words() -> None:
    document = default()
    for variant in ("rules", "paraphrase"):
        for clause in document.clauses:
            line = lines_of([clause], variant, estimate_tokens)[clause.id]
            assert line.startswith(f"{short(clause)} ")
            added = sentences_of(line[len(short(clause)) :])
            own = sentences_of(clause.text)
            assert set(added) <= set(own)
            if variant == "paraphrase":
                assert set(added) == set(own[:1])


def test_one_sentence_and_nothing() -> None:
    document = default()
    assert told(document, document.clauses, "none", estimate_tokens) == ""
    assert told(document, document.clauses, "sentence", estimate_tokens).endswith(f"- {ONE_SENTENCE}")
    assert lines_of(document.clauses, "sentence", estimate_tokens) == {}


def test_a_clause_without_a_reason_is_named() -> None:
    clause = replace(default().clauses[0], reason="", id="no-why")
    with pytest.raises(CasebackError, match=r"no-why.*no reason"):
        lines_of([clause], "rules", estimate_tokens)


def test_a_clause_that_says_nothing_more_is_named() -> None:
    clause = Clause("bare", "ethical", "Be kind.", "kindness is good", brief="Be kind.")
    assert lines_of([clause], "reasons", estimate_tokens) == {"bare": "Be kind. Because kindness is good"}
    with pytest.raises(CasebackError, match=r"bare.*short wording"):
        told(Constitution("", "", (clause,)), [clause], "rules", estimate_tokens)


def test_sentences_are_told_apart() -> None:
    assert sentences_of("One, e.g. this.  Two!\nThree? \n\nAnother paragraph.") == ["One, e.g. this.", "Two!", "Three?"]
    assert sentences_of("") == []
