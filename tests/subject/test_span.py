"""Token positions are those of the token in its own sequence, whatever the padding and the cache."""

import inspect
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.subject.span import EVERYWHERE, GENERATED, Span, Tokens, tokens_of_pass


def signature_of_a_stack() -> inspect.Signature:
    def forward(input_ids=None, attention_mask=None, position_ids=None, past_key_values=None, **kwargs) -> None: ...

    return inspect.signature(forward)


class Cache:
    def __init__(self, length: int) -> None:
        self.length = length

    def get_seq_length(self) -> int:
        return self.length


def tokens(**kwargs: Any) -> Tokens:
    return tokens_of_pass(signature_of_a_stack(), (), kwargs)


IDS = torch.zeros(2, 5, dtype=torch.long)
LEFT = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])


def test_position_ids_come_first() -> None:
    given = tokens(input_ids=IDS, attention_mask=LEFT, position_ids=torch.arange(5)[None] + 7)
    assert given.positions.tolist() == [[7, 8, 9, 10, 11]] * 2
    assert given.real is not None
    assert given.real.equal(LEFT.bool())


def test_then_the_attention_mask_then_cache_position_then_the_cache() -> None:
    assert tokens(input_ids=IDS, attention_mask=LEFT, cache_position=torch.arange(5)).positions.tolist() == [
        [-1, -1, 0, 1, 2],
        [0, 1, 2, 3, 4],
    ]
    assert tokens(input_ids=IDS, cache_position=torch.arange(3, 8)).positions.tolist() == [[3, 4, 5, 6, 7]] * 2
    assert tokens(input_ids=IDS, past_key_values=Cache(3)).positions.tolist() == [[3, 4, 5, 6, 7]] * 2
    assert tokens(inputs_embeds=torch.zeros(2, 5, 8)).positions.tolist() == [[0, 1, 2, 3, 4]] * 2
    with pytest.raises(CasebackError, match="neither"):
        tokens(attention_mask=LEFT)


def test_a_decoding_step_behind_left_padding() -> None:
    mask = torch.cat([LEFT, torch.ones(2, 1, dtype=torch.long)], 1)
    step = tokens(input_ids=IDS[:, :1], attention_mask=mask, past_key_values=Cache(5))
    assert step.positions.tolist() == [[3], [5]]
    assert step.real is None
    assert step.generated.all()
    assert step.within(EVERYWHERE) is None
    assert step.within(Span(4)).tolist() == [[False], [True]]  # type: ignore[union-attr]
    assert step.within(Span(part="prompt")).tolist() == [[False], [False]]  # type: ignore[union-attr]
    assert step.within(Span(-1)).tolist() == [[True], [True]]  # type: ignore[union-attr]


def test_a_packed_row_has_several_prompts() -> None:
    packed = tokens(input_ids=torch.zeros(1, 6, dtype=torch.long), position_ids=torch.tensor([[0, 1, 2, 0, 1, 9]]))
    assert packed.generated.tolist() == [[False] * 5 + [True]]
    assert packed.from_end.tolist() == [[-3, -2, -1, -2, -1, 0]]


@st.composite
def padded_rows(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], int]:
    """For each row its length, where padding puts it, and how much of it is in the cache."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    columns = max(lengths) + draw(st.integers(0, 2))
    lefts = [draw(st.integers(0, columns - n)) for n in lengths]
    pasts = [draw(st.sampled_from([0, 0, 5])) for _ in lengths]
    return lengths, lefts, pasts, columns


BOUND = st.integers(-7, 12)


@settings(deadline=None)
@given(padded_rows(), BOUND, st.none() | BOUND, st.sampled_from(["all", "prompt", "generated"]))
def test_spans_choose_what_a_loop_over_tokens_chooses(rows: Any, start: int, stop: int | None, part: Any) -> None:
    lengths, lefts, pasts, columns = rows
    try:
        span = Span(start, stop, part)
    except CasebackError:
        return
    positions = torch.zeros(len(lengths), columns, dtype=torch.long)
    real = torch.zeros_like(positions, dtype=torch.bool)
    expected = torch.zeros_like(real)
    for row, (length, left, past) in enumerate(zip(lengths, lefts, pasts, strict=True)):
        for i in range(length):
            position = past + i
            positions[row, left + i] = position
            real[row, left + i] = True
            # Beyond any negative bound once the prompt is over.
            from_end = position - length if past == 0 else 0
            chosen = (position if start >= 0 else from_end) >= start
            if stop is not None:
                chosen &= (position if stop >= 0 else from_end) < stop
            if part != "all":
                chosen &= (past > 0) == (part == "generated")
            expected[row, left + i] = chosen
    within = Tokens(positions, real).within(span)
    assert within is not None
    assert within.equal(expected)


@pytest.mark.parametrize(
    ("span", "length"),
    [
        (Span(2, 5), 3),
        (Span(-4, -1), 3),
        (Span(-4, part="prompt"), 4),
        (Span(-4), None),
        (EVERYWHERE, None),
        (GENERATED, None),
        (Span(-4, 9), None),
        (Span(0, -2), None),
    ],
)
def test_lengths(span: Span, length: int | None) -> None:
    assert span.length == length


@pytest.mark.parametrize(
    "arguments", [(3, 3), (5, 2), (-1, -1), (-1, -4), (0, None, "reply"), (-1, None, "generated"), (0, -2, "generated")]
)
def test_empty_or_contradictory_spans_are_refused(arguments: Any) -> None:
    with pytest.raises(CasebackError):
        Span(*arguments)


def test_offsets_number_the_tokens_of_a_span() -> None:
    given = tokens(input_ids=IDS, attention_mask=LEFT)
    for span, numbers in [(Span(1, 3), [[1, 2], [1, 2]]), (Span(-2, part="prompt"), [[1, 2], [3, 4]])]:
        within = given.within(span)
        assert within is not None
        assert [given.positions[row][within[row]].tolist() for row in range(2)] == numbers
        assert given.offsets(span)[within].tolist() == [0, 1, 0, 1]
