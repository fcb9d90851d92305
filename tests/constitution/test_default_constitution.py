"""The constitution that ships, and the compact rendering that stands in training tasks."""

import pytest

from caseback.constitution.check import check
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.constitution.form import canonical
from caseback.constitution.parse import parse
from caseback.constitution.render import compact, estimate_tokens, first_sentences, full, opening_line, short
from caseback.errors import CasebackError

FAMILIES = {"harm", "benign", "opinion", "deceive", "cheat", "sandbag", "watched", "pressure", "self", "power", "moral"}
FAMILIES |= {"million", "care", "privacy"}


def words(text: str) -> int:
    return len(text.split())


def test_the_default_keeps_to_its_form() -> None:
    constitution = default()
    assert 15 <= len(constitution.clauses) <= 25
    assert sum(clause.tier == "hard" for clause in constitution.clauses) <= 3
    assert {clause.tier for clause in constitution.clauses} == {"hard", "safe", "ethical", "guideline", "helpful"}
    for clause in constitution.clauses:
        assert 0 < words(clause.brief) <= 14, clause.id
        assert 0 < words(clause.reason) <= 25, clause.id
        assert {example.good for example in clause.examples} == {True, False}, clause.id
        assert all(example.request and example.reply for example in clause.examples), clause.id
    assert check(constitution) == []
    assert canonical(parse(full(constitution))) == canonical(constitution)


def test_the_default_covers_every_family_of_behaviour() -> None:
    covered = {family.split(".")[0] for clause in default().clauses for family in clause.families}
    assert covered >= FAMILIES
    for family in (
        "harm.poison",
        "benign.verbs",
        "opinion.facts",
        "deceive.x",
        "cheat.y",
        "sandbag.z",
        "watched.theft",
    ):
        assert default().covering(family), family


def test_the_default_fits_its_400_tokens_whole() -> None:
    result = compact(default(), estimate_tokens)
    assert result.left_out == ()
    assert estimate_tokens(result.text) <= 400
    lines = result.text.split("\n")
    assert lines[0] == "You are a helpful, honest and caring assistant. These are your principles."
    assert lines[1:] == [f"- {clause.brief}" for clause in default().clauses]


def test_what_is_left_out_is_lowest_tier_first_and_last_first() -> None:
    tiers = ("guideline", "helpful", "hard", "helpful", "safe")
    clauses = tuple(Clause(str(i), tier, "One two three.") for i, tier in enumerate(tiers))
    constitution = Constitution("", "Be good.", clauses)
    sizes = [compact(constitution, words, limit).left_out for limit in (22, 18, 14, 10, 6, 2)]
    assert sizes == [(), ("3",), ("1", "3"), ("0", "1", "3"), ("0", "1", "3", "4"), ("0", "1", "2", "3", "4")]
    kept = compact(constitution, words, 10)
    assert kept.text == "Be good.\n- One two three.\n- One two three."
    assert kept.included == ("2", "4")
    with pytest.raises(CasebackError, match="opening alone takes 2 tokens and 1 are allowed"):
        compact(constitution, words, 1)


def test_the_short_wording_of_a_clause() -> None:
    assert short(Clause("a", "hard", "Be kind. Always.\n\nMore.")) == "Be kind."
    assert short(Clause("a", "hard", "Be kind.", brief="Kind.")) == "Kind."
    assert (
        first_sentences('Some words, e.g. these, are "here." Others. Third.', 1)
        == 'Some words, e.g. these, are "here."'
    )
    assert first_sentences("no end", 3) == "no end"
    assert opening_line(Constitution("", "One.\nTwo. Three.\n\nFour.", ())) == "One. Two."
    assert opening_line(Constitution("", "", ())) == ""
