"""Patterns are found where they are, in the fields that are read, and nothing to read is never a clean 0."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.regex import LONGEST, SPANS
from caseback.detectors.scored import Span
from caseback.detectors.transcript import transcript_of
from caseback.errors import CasebackError
from detectors.chats import called, praise, said


def test_a_pattern_scores_1_and_says_where() -> None:
    found, none = praise().scores([said("great?", "so großartig, great and clever"), said("great?", "no")])
    assert (found.score, none.score) == (1.0, 0.0)
    assert found.spans == (Span(1, "content", 14, 19), Span(1, "content", 24, 30))
    assert none.spans == ()


def test_it_reads_the_parts_fields_and_roles_that_it_names() -> None:
    chat = [{"role": "system", "content": "great"}, {"role": "user", "content": "how?"}]
    asked = transcript_of({"messages": [*chat, {"role": "assistant", "content": "so", "reasoning_content": "clever"}]})
    assert praise().scores([asked])[0].score == 0
    assert praise(reads=("prompt",)).scores([asked])[0].spans == (Span(0, "content", 0, 5),)
    assert praise(reads=("turn",)).scores([asked])[0].score == 0
    assert praise(reads=("prompt",), roles=("user",)).scores([asked])[0].score == 0
    assert praise(fields=("reasoning_content",)).scores([asked])[0].spans == (Span(2, "reasoning_content", 0, 6),)
    twice = transcript_of({"messages": [*chat, *called("run", '{"x": "dull"}', "great"), *called("run", "great", "")]})
    assert praise(reads=("prompt",), fields=("arguments",)).scores([twice])[0].spans == (Span(4, "arguments", 0, 5),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "no content in the reply"),
        ({"reads": ("prompt", "reply")}, "no content in the reply"),
        ({"reads": ("prompt",), "roles": ("tool",)}, "no content by tool in the prompt"),
        ({"reads": ("prompt",), "fields": ("arguments",)}, "no arguments in the prompt"),
    ],
)
@pytest.mark.parametrize("transcript", [said("how?"), said("how?", "  ")], ids=["no reply", "a blank one"])
def test_nothing_to_read_is_not_clean(changes: dict[str, object], why: str, transcript: object) -> None:
    found = praise(**changes).scores([transcript])[0]  # type: ignore[list-item]
    assert found.score is None
    assert found.why == why


def test_what_is_found_counts_though_another_part_is_missing() -> None:
    assert praise(reads=("prompt", "reply")).scores([said("great")])[0].score == 1


@given(st.text(alphabet=st.characters(exclude_characters="gc"), min_size=1), st.sampled_from(["great", "clever"]))
def test_a_text_scores_1_only_with_a_pattern_in_it(text: str, word: str) -> None:
    without, within = praise().scores([said("how?", text), said("how?", f"{text}{word}{text}")])
    assert without.score == (0.0 if transcript_of_reply(text).strip() else None)
    assert within.score == 1
    span = within.spans[0]
    assert said("how?", f"{text}{word}{text}").messages[1]["content"][span.start : span.end] == word


def transcript_of_reply(text: str) -> str:
    return str(said("how?", text).messages[1]["content"])


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "not in RE2's dialect"),
        (r"(?=a)b", "not in RE2's dialect"),
        ("a(", "not in RE2's dialect"),
        ("\ud800", "not in RE2's dialect"),
        ("((a{100}){100}){100}", "not in RE2's dialect"),
        ("a*", "found in an empty text"),
        ("", "found in an empty text"),
        ("a" * (LONGEST + 1), "2001 characters"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_in_one_line(pattern: str, why: str) -> None:
    with pytest.raises(CasebackError, match=why) as caught:
        praise(patterns=(pattern,))
    assert "\n" not in str(caught.value)


def test_too_many_patterns_or_nothing_to_read_are_refused() -> None:
    assert praise(patterns=("a",) * 200).scores([said("", "a")])[0].score == 1
    for changes in ({"patterns": ("a",) * 201}, {"patterns": ()}, {"reads": ()}, {"fields": ()}):
        with pytest.raises(CasebackError, match="detector praise"):
            praise(**changes)


def test_a_pattern_that_backtracks_elsewhere_runs_in_linear_time() -> None:
    begun = time.perf_counter()
    assert praise(patterns=("(a|aa)+$", "(x+x+)+y")).scores([said("", "a" * 50_000 + "b" + "x" * 50_000)])[0].score == 0
    assert time.perf_counter() - begun < 5  # Python's own re would not end in a lifetime


def test_the_places_of_one_pattern_are_bounded() -> None:
    assert len(praise(patterns=("a",)).scores([said("", "a" * 10 * SPANS)])[0].spans) == SPANS
