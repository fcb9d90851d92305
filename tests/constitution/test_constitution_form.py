"""Our Markdown form and its JSON: what is written reads back without loss."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caseback.constitution.check import check
from caseback.constitution.clause import TIERS, Clause, Constitution, Example
from caseback.constitution.diff import diff
from caseback.constitution.form import canonical
from caseback.constitution.json_form import digest, from_data, to_data
from caseback.constitution.parse import parse
from caseback.constitution.render import full
from caseback.errors import CasebackError

MARKS = ["# a", "## hard", "### id", "####", "*Because* x", "Brief: y", "Over: a, b", "Situations: harm", "Questions:"]
MARKS += [
    "Good:",
    "Bad: z",
    "```",
    "~~~~",
    "```python",
    "\\# a",
    "\\\\Good:",
    "- User: a",
    "- Assistant: b",
    "  in",
    "",
]
plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
texts = st.lists(st.one_of(st.sampled_from(MARKS), plain), max_size=6).map("\n".join)
names = st.text(st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters=","), min_size=1, max_size=8)
clauses = st.builds(
    Clause,
    id=names,
    tier=st.sampled_from(TIERS),
    text=texts,
    reason=texts,
    brief=texts,
    over=st.lists(names, max_size=3).map(tuple),
    families=st.lists(names, max_size=3).map(tuple),
    manner=st.lists(names, max_size=2).map(tuple),
    examples=st.lists(st.builds(Example, texts, texts, st.booleans(), texts), max_size=2).map(tuple),
    line=st.integers(0, 9),
    questions=st.lists(texts, max_size=3).map(tuple),
)
constitutions = st.builds(Constitution, title=texts, preamble=texts, clauses=st.lists(clauses, max_size=3).map(tuple))


@settings(max_examples=150, deadline=None)
@given(constitutions)
@example(
    Constitution("", "", (Clause("a", "hard", "```\n# in a fence\n```\n\n## hard", reason="```\n# x\n```\nBrief: b"),))
)
@example(Constitution("", "\ufeff# a", ()))
@example(Constitution("", "", (Clause("a", "hard", "", reason="spaces  \n# and a mark"),)))
@example(Constitution("", "", (Clause("a", "hard", "```\nopen\n~~~\n# b"), Clause("a", "helpful", "~~~"))))
def test_what_is_rendered_parses_back(constitution: Constitution) -> None:
    assert canonical(parse(full(constitution))) == canonical(constitution)


@settings(max_examples=50, deadline=None)
@given(constitutions)
def test_rendering_is_stable_and_data_reads_back(constitution: Constitution) -> None:
    text = full(constitution)
    assert full(parse(text)) == text
    assert from_data(to_data(constitution), constitution.source) == constitution


@settings(max_examples=50, deadline=None)
@given(st.one_of(texts, st.text()))
def test_any_text_parses_or_names_its_line(text: str) -> None:
    try:
        parsed = parse(text, "some.md")
    except CasebackError as error:
        message = str(error)
    else:
        assert canonical(parse(full(parsed))) == canonical(parsed)
        return
    assert re.match(r"some\.md, line \d+: ", message)
    assert "\n" not in message


DOCUMENT = """# Title

You are kind. You are wise.

A second paragraph.

## Safe

### one

First line
of the text.

- a list
- in it

```
# no title
### no clause
```

*Because* it matters,
and so on.

Brief: Be one.

Over: two, three

Situations: harm.theft, watched

Questions:

- How so?
- Two lines,
  really.

Good: shows it
- User: Hello
- Assistant: Hi.

  How are you?

Bad:

- User: Hello
- Assistant: Go.

## helpful
### two

Short.
"""


def test_a_document_written_by_hand() -> None:
    constitution = parse(DOCUMENT, "doc.md")
    assert constitution == Constitution(
        title="Title",
        preamble="You are kind. You are wise.\n\nA second paragraph.",
        source="doc.md",
        clauses=(
            Clause(
                id="one",
                tier="safe",
                text="First line\nof the text.\n\n- a list\n- in it\n\n```\n# no title\n### no clause\n```",
                reason="it matters,\nand so on.",
                brief="Be one.",
                over=("two", "three"),
                families=("harm.theft", "watched"),
                examples=(
                    Example("Hello", "Hi.\n\nHow are you?", True, "shows it"),
                    Example("Hello", "Go.", False),
                ),
                line=9,
                questions=("How so?", "Two lines,\nreally."),
            ),
            Clause(id="two", tier="helpful", text="Short.", line=DOCUMENT.split("\n").index("### two") + 1),
        ),
    )
    assert parse(DOCUMENT.replace("\n", "\r\n"), "doc.md") == constitution


def test_text_that_looks_like_a_mark_is_escaped_readably() -> None:
    written = full(Constitution("", "", (Clause("a", "hard", "Say so.\n# not a title\nGood: not an example"),)))
    assert "\\# not a title\n\\Good: not an example" in written


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("### a\n\ntext", 1, "put a line '## guideline' above it"),
        ("## very hard\n", 1, "the tiers are hard, safe, ethical, guideline, helpful"),
        ("# a\n# b", 2, "only once"),
        ("## hard\n\nstray\n", 3, "give it a heading '### id'"),
        ("## hard\n### two words\n", 2, "without spaces or commas"),
        ("## hard\n### a\nBrief: b\nBrief: c", 4, "join the two"),
        ("## hard\n### a\nBrief: b\n\nstray", 5, "belongs to no field"),
        ("## hard\n### a\n```\nopen", 3, "close it"),
        ("## hard\n### a\nGood:\n- User: x\n", 3, "'- User: …' and '- Assistant: …'"),
        ("## hard\n### a\nGood:\n- User: x\nstray", 5, "indented by two spaces"),
        ("## hard\n### a\nQuestions: what?", 3, "beginning with '- '"),
    ],
)
def test_what_is_malformed_is_named_with_line_and_remedy(text: str, line: int, remedy: str) -> None:
    with pytest.raises(CasebackError, match=rf"^x\.md, line {line}: .*{re.escape(remedy)}"):
        parse(text, "x.md")


def test_names_that_the_form_cannot_say_are_refused() -> None:
    with pytest.raises(CasebackError, match="'b c' holds a space"):
        full(Constitution("", "", (Clause("a", "hard", "t", over=("b c",)),)))


def test_digest_depends_on_content_alone() -> None:
    constitution = parse(DOCUMENT, "doc.md")
    assert digest(constitution) == digest(parse("\n\n\n" + full(constitution), "elsewhere.md"))
    assert digest(constitution) != digest(parse(DOCUMENT.replace("Be one.", "Be two."), "doc.md"))
    assert re.fullmatch(r"[0-9a-f]{64}", digest(constitution))


@settings(max_examples=50, deadline=None)
@given(constitutions, constitutions)
def test_digests_are_equal_only_for_equal_content(one: Constitution, other: Constitution) -> None:
    assert (digest(one) == digest(other)) == (canonical(one) == canonical(other))


@settings(max_examples=50, deadline=None)
@given(constitutions, constitutions)
def test_diff_is_empty_just_for_equal_content(one: Constitution, other: Constitution) -> None:
    assert diff(one, one).same
    assert diff(one, other).same == (canonical(one) == canonical(other))


@settings(max_examples=50, deadline=None)
@given(constitutions)
def test_check_takes_anything(constitution: Constitution) -> None:
    for problem in check(constitution):
        assert "\n" not in problem.message


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"clauses": [3]},
        {"clauses": [{"id": "a", "tier": "firm", "text": "t"}]},
        {"clauses": [{"id": "a b", "tier": "hard", "text": "t"}]},
        {"clauses": [{"id": "a", "tier": "hard"}]},
        {"clauses": [{"id": "a", "tier": "hard", "text": "t", "over": "b"}]},
        {"clauses": [{"id": "a", "tier": "hard", "text": "t", "examples": [{"request": "r"}]}]},
        {"clauses": [{"id": "a", "tier": "hard", "text": "t", "examples": 3}]},
        {"title": 3, "clauses": []},
    ],
)
def test_malformed_data_is_named(data: object) -> None:
    with pytest.raises(CasebackError, match=r"^x\.json"):
        from_data(data, "x.json")
