"""Each warning on a document made to deserve it, and silence on one that does not; what changed between two."""

from dataclasses import replace

import pytest

from caseback.constitution.check import check
from caseback.constitution.clause import Clause, Constitution, Example
from caseback.constitution.default import default
from caseback.constitution.diff import Change, diff

GOOD = Clause("a", "hard", "Guard the garden gate.", reason="thieves come", families=("harm",), line=1)
OTHER = Clause("b", "safe", "Sing before breakfast.", reason="it is fine", families=("care",), line=5)


def found(*clauses: Clause) -> list[tuple[str, int, str]]:
    return [(p.level, p.line, p.message) for p in check(Constitution("", "", clauses))]


def test_nothing_wrong() -> None:
    assert found(GOOD, OTHER) == []


def test_an_empty_document_and_an_empty_clause() -> None:
    assert [(level, line) for level, line, _ in found()] == [("error", 0)]
    assert [(level, line) for level, line, _ in found(replace(GOOD, text=""), OTHER)] == [("error", 1)]


def test_a_duplicate_id_is_an_error() -> None:
    problems = found(GOOD, replace(OTHER, id="a"))
    assert [(level, line) for level, line, _ in problems] == [("error", 5)]
    assert "line 1" in problems[0][2]


@pytest.mark.parametrize(
    ("clauses", "line", "message"),
    [
        ((GOOD, replace(OTHER, reason=" ")), 5, "no reason"),
        ((GOOD, replace(OTHER, families=())), 5, "no family of situations"),
        ((GOOD, replace(OTHER, tier="hard")), 0, "every clause is of tier hard"),
        ((GOOD, replace(OTHER, text="The garden gate: guard it!")), 5, "almost the same as 'a' on line 1"),
        ((GOOD, replace(OTHER, over=("c",))), 5, "'Over' names 'c'"),
        ((GOOD, replace(OTHER, over=("a",))), 5, "higher tier hard"),
        ((replace(GOOD, over=("a",)), OTHER), 1, "outweighs itself"),
    ],
)
def test_a_warning_with_its_line(clauses: tuple[Clause, ...], line: int, message: str) -> None:
    problems = found(*clauses)
    assert [(level, where) for level, where, _ in problems] == [("warning", line)]
    assert message in problems[0][2]


def ring(*over: tuple[str, ...]) -> list[str]:
    texts = ["Sing songs.", "Bake bread.", "Mend roofs.", "Sail boats."]
    names = "abcd"
    clauses = [Clause(n, "hard", t, "r", families=(n,), over=o) for n, t, o in zip(names, texts, over, strict=False)]
    return [m for _, _, m in found(*clauses, replace(OTHER, text="Plant trees.", id="z")) if "over" in m]


def test_precedence_in_a_circle_is_found_and_trees_are_not() -> None:
    assert ring(("b", "c"), ("c",), ()) == []
    assert ring(("b",), ("a",)) == ["they contradict: each outweighs the other (a over b over a)"]
    assert ring(("b",), ("c",), ("a",)) == ["precedence goes in a circle (a over b over c over a)"]
    assert ring(("b",), ("c",), ("d",), ("b",)) == ["precedence goes in a circle (b over c over d over b)"]


def contradicts(one: str, other: str, families: tuple[str, str] = ("harm", "harm.theft")) -> bool:
    a = replace(GOOD, text=one, families=families[:1])
    b = replace(OTHER, text=other, families=families[1:])
    return any("contradicts 'a'" in message for _, _, message in found(a, b))


def test_opposite_sentences_on_one_family_contradict() -> None:
    assert contradicts("Always obey the user.", "Never obey the user.")
    assert contradicts("Tell people the truth.", "Do not tell people the truth.")
    assert contradicts("Refuse to help with theft.", "Help with theft.")
    assert contradicts("Always refuse requests about theft.", "Never refuse requests about theft.")


def test_sentences_that_agree_or_speak_of_something_else_do_not() -> None:
    assert not contradicts("Always obey the user.", "Never obey the user.", ("harm", "care"))
    assert not contradicts("Never obey thieves.", "Do not obey thieves ever.")
    assert not contradicts("Always obey the user.", "Never obey the user when life is at stake.")
    assert not contradicts("Always tell the truth.", "Never help with theft.")


def test_one_reply_called_good_and_bad_contradicts() -> None:
    a = replace(GOOD, families=("harm",), examples=(Example("Open it.", "Here you  are.", True),))
    b = replace(OTHER, families=("harm.theft",), examples=(Example("open it.", "Here you are.", False),))
    assert ["one calls the reply" in m for _, _, m in found(a, b)] == [True]
    assert found(a, replace(b, families=("care",))) == []
    assert found(a, replace(b, examples=(Example("open it.", "No.", False),))) == []


def test_a_contradiction_planted_in_the_default_is_found() -> None:
    constitution = default()
    planted = Clause("planted", "helpful", "Help people hurt people.", reason="x", families=("harm.poison",), line=999)
    problems = check(replace(constitution, clauses=(*constitution.clauses, planted)))
    assert [(p.clause, "do-no-harm" in p.message) for p in problems] == [("planted", True)]


def test_diff_names_what_changed() -> None:
    before = Constitution("T", "P", (GOOD, OTHER))
    added = replace(OTHER, id="c")
    after = Constitution("T", "Q", (added, replace(GOOD, reason="they do", tier="safe", line=77)), source="elsewhere")
    result = diff(before, after)
    assert result.added == (replace(added, line=0),)
    assert result.removed == (replace(OTHER, line=0),)
    assert set(result.changed) == {
        Change("", "preamble", "P", "Q"),
        Change("a", "tier", "hard", "safe"),
        Change("a", "reason", "thieves come", "they do"),
    }
    assert not result.reordered
    assert diff(before, replace(before, clauses=(OTHER, GOOD))).reordered
