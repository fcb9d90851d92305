"""The forms that others write, read from files; and files that are none."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.constitution.check import check
from caseback.constitution.clause import Clause, Example
from caseback.constitution.default import default
from caseback.constitution.form import canonical
from caseback.constitution.json_form import to_data
from caseback.constitution.model_spec import FAMILIES, TIER_OF, read_model_spec
from caseback.constitution.parse import parse
from caseback.constitution.read import LARGEST, read
from caseback.constitution.render import full
from caseback.errors import CasebackError

SPEC = """# Overview {#overview}

What this is.

# Bounds {#bounds}

Introduction.

## Be good {#be_good authority=root tags=x}

Do good[^a1]. You do so because it helps.

!!! meta "Commentary"
    A remark.

**Example**: two turns

~~~xml
<developer>
Rules.
</developer>
<user>
# Not a heading {#not authority=user}
</user>
<comparison>
<assistant> <!-- GOOD: short -->
1 &lt; 2
</assistant>
<assistant> <!-- BAD[#bounds] -->
No
 </assistant>
</comparison>
<user>
More
</user>
<comparison>
<assistant> <!-- OK -->
Fine
</assistant>
</comparison>
~~~

After the example.

### Be nice {#be_nice authority=guideline}

Be nice, not mean, so that all can talk.
"""


def write(folder: Path, text: str | bytes, name: str = "c.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_model_spec(tmp_path: Path) -> None:
    constitution = read(write(tmp_path, SPEC))
    assert constitution.preamble == "What this is.\n\nIntroduction."
    good, nice = constitution.clauses
    request = "Developer: Rules.\n\nUser: # Not a heading {#not authority=user}"
    assert good == Clause(
        id="be_good",
        tier="hard",
        text='Do good[^a1]. You do so because it helps.\n\n!!! meta "Commentary"\n    A remark.\n\nAfter the example.',
        reason="You do so because it helps.",
        brief="Be good",
        examples=(
            Example(request, "1 < 2", True, "two turns: short"),
            Example(request, "No", False, "two turns: [#bounds]"),
            Example(f"{request}\n\nAssistant: 1 < 2\n\nUser: More", "Fine", True, "two turns: OK"),
        ),
        line=9,
    )
    assert (nice.tier, nice.line, nice.reason) == ("helpful", 45, "Be nice, not mean, so that all can talk.")
    bare = read_model_spec("Above.\n\n" + SPEC.replace("<!-- ", "<!-- NOT "), "x")
    assert bare.preamble.startswith("Above.\n\nWhat this is.")
    assert bare.clauses[0].examples == ()
    assert "**Example**: two turns\n\n~~~xml\n<developer>" in bare.clauses[0].text
    with pytest.raises(CasebackError, match=r"x, line 9: 'boss' is no level of authority; they are root, system"):
        read_model_spec(SPEC.replace("authority=root", "authority=boss"), "x")
    with pytest.raises(CasebackError, match=r"x, line 18: <user> is never closed"):
        read_model_spec(SPEC.replace("</user>", ""), "x")
    with pytest.raises(CasebackError, match=r"x, line 49: this code fence is never closed"):
        read_model_spec(SPEC + "\n~~~xml", "x")


@pytest.mark.realdata
def test_the_real_model_spec(realdata: Path) -> None:
    path = realdata / "openai-model-spec" / "model_spec.md"
    text = path.read_text(encoding="utf-8")
    constitution = read(path)
    headings = re.findall(r"^#+ (.*) \{#(\w+) authority=(\w+)", text, re.MULTILINE)
    assert [(c.brief, c.id, c.tier) for c in constitution.clauses] == [(t, id, TIER_OF[a]) for t, id, a in headings]
    assert len(headings) == 59
    lines = text.split("\n")
    assert all(f"{{#{c.id} " in lines[c.line - 1] for c in constitution.clauses)
    examples = [example for clause in constitution.clauses for example in clause.examples]
    assert sum(e.good for e in examples) == len(re.findall(r"^<assistant.*<!-- (?:GOOD|OK)", text, re.MULTILINE)) == 201
    assert sum(not e.good for e in examples) == len(re.findall(r"^<assistant.*<!-- BAD", text, re.MULTILINE)) == 196
    assert all(e.request and e.reply and e.note for e in examples)
    ids = {clause.id for clause in constitution.clauses}
    assert set(FAMILIES) <= ids
    assert canonical(parse(full(constitution))) == canonical(constitution)
    for clause in constitution.clauses:
        plain = " ".join(re.sub(r"\[\^\w+\]", "", clause.text).split())
        assert all(reason in plain for reason in re.split(r"(?<=\.) (?=[A-Z])", clause.reason))
    # No line of prose is lost: each stands in the preamble or in a clause, but for headings and examples.
    kept = constitution.preamble + "\n".join(clause.text for clause in constitution.clauses)
    outside = re.sub(r"^~~~xml\n.*?^~~~$", "", text, flags=re.MULTILINE | re.DOTALL)
    lost = [s for s in outside.split("\n") if s.strip() not in kept and not re.match(r"#+ .*\{#|\*\*Example\*\*", s)]
    assert lost == []
    assert not [problem for problem in check(constitution) if problem.level == "error"]


@pytest.mark.realdata
def test_the_real_trait_files(realdata: Path) -> None:
    paths = sorted((realdata / "character-constitutions").glob("*.json*"))
    assert len(paths) == 10
    for path in paths:
        text = path.read_text(encoding="utf-8")
        rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
        constitution = read(path)
        assert [c.text for c in constitution.clauses] == [row["trait"] for row in rows]
        wanted = [(*row["questions"], *row.get("additional_questions", ())) for row in rows]
        assert [c.questions for c in constitution.clauses] == wanted
        lines = text.split("\n")
        assert all(
            json.dumps(c.text, ensure_ascii=path.suffix != ".json") in lines[c.line - 1] for c in constitution.clauses
        )
        assert canonical(parse(full(constitution))) == canonical(constitution)
        assert not [problem for problem in check(constitution) if problem.level == "error"]


def test_trait_files(tmp_path: Path) -> None:
    row = {"trait": "I am fair.", "questions": ["a?"], "additional_questions": ["b?"]}
    text = "\n".join([json.dumps(row), "", json.dumps({"trait": "I am fair."})])
    constitution = read(write(tmp_path, text, "kind.jsonl"))
    assert constitution.title == "kind"
    assert constitution.clauses == (
        Clause("i-am-fair", "guideline", "I am fair.", line=1, questions=("a?", "b?")),
        Clause("i-am-fair-2", "guideline", "I am fair.", line=3),
    )
    with pytest.raises(CasebackError, match=r"line 2: not JSON; a \.jsonl file holds one object a line"):
        read(write(tmp_path, json.dumps(row) + "\n{oops", "bad.jsonl"))
    with pytest.raises(CasebackError, match=r"line 1: 'questions' must be a list of texts"):
        read(write(tmp_path, json.dumps(row | {"questions": "a?"}), "bad.jsonl"))


@pytest.mark.parametrize(
    "text",
    [
        "Be kind.\nTell no lies.\n",
        "- Be kind.\n- Tell no lies.\n",
        "1. Be kind.\n2) Tell\n   no lies.",
        "* Be kind.\n\n• Tell no lies.",
    ],
)
def test_plain_lists(tmp_path: Path, text: str) -> None:
    constitution = read(write(tmp_path, text, "list.txt"))
    assert [(c.id, c.text) for c in constitution.clauses] == [
        ("be-kind", "Be kind."),
        ("tell-no-lies", "Tell no lies."),
    ]
    assert [c.line for c in constitution.clauses] == [
        n for n, s in enumerate(text.split("\n"), 1) if re.search("Be|Tell", s)
    ]


def test_a_plain_list_with_title_and_reasons(tmp_path: Path) -> None:
    text = "# Mine\n\n- Do not lie, because people rely on you.\n- Yield to reason, not because of force.\n"
    one, two = read(write(tmp_path, text)).clauses
    assert (one.text, one.brief, one.reason, one.line) == (
        "Do not lie, because people rely on you.",
        "Do not lie.",
        "people rely on you.",
        3,
    )
    assert (two.brief, two.reason) == ("", "")
    assert read(write(tmp_path, json.dumps(["Be kind.", "Be fair."]), "l.json")).clauses[1].text == "Be fair."


def test_our_own_forms(tmp_path: Path) -> None:
    constitution = default()
    for name, text in (
        ("c.md", full(constitution)),
        ("c.json", json.dumps(to_data(constitution))),
        ("c", full(constitution)),
    ):
        assert canonical(read(write(tmp_path, text, name))) == canonical(constitution)
    crlf = full(constitution).replace("\n", "\r\n").encode("utf-8-sig")
    assert canonical(read(write(tmp_path, crlf))) == canonical(constitution)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "c.md", "empty"),
        (b" \n\t\n", "c.md", "empty"),
        (b"# a\0b", "c.md", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00", "c.png", "binary"),
        (b"# fine\n\nca\xe9\n", "c.md", "line 3: not UTF-8"),
        (b"{oops", "c.json", "line 1: not JSON"),
        (b"[1, 2]", "c.json", "no constitution"),
        (b'{"a": 1}', "c.json", "no constitution"),
        (b"[" * 100_000, "c.json", "nested too deeply"),
        (b"x\n" * 501, "c.txt", "501 lines without headings"),
        (b"---\n***\n", "c.txt", "no sentence"),
        (b"# Title\n## Introduction\n", "c.md", "line 2: 'Introduction' is no tier"),
        (b"## hard\n" + b"### a\n" * 1001, "c.md", "1001 clauses"),
        (b"a" * (LARGEST + 1), "c.md", "larger than 4 MB"),
    ],
)
def test_bad_files_are_one_clear_line(tmp_path: Path, content: bytes, name: str, says: str) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(CasebackError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="no such file"):
        read(tmp_path / "missing.md")
    with pytest.raises(CasebackError, match="a folder"):
        read(tmp_path)
    with pytest.raises(CasebackError, match="cannot be read"):
        read("a\0b")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda s: s.encode(errors="ignore"))))
def test_any_file_reads_or_is_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.getbasetemp(), content, "any")
    try:
        constitution = read(path)
    except CasebackError as error:
        message = str(error)
    else:
        assert canonical(parse(full(constitution))) == canonical(constitution)
        return
    assert message.startswith(str(path))
    assert "\n" not in message
