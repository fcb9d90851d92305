"""The small programs of the world, run without the interpreter; Python itself is the reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.world.program import NotAProgramError, branches_on_constants, function_in, run

numbers = st.integers(-50, 50)


@given(numbers, numbers)
def test_it_computes_what_python_computes(x: int, y: int) -> None:
    function = function_in(
        "Here it is:\ndef f(x, y):\n    if x > y:\n        return x * 2 - y\n"
        "    z = max(x, 3)\n    return z % 7 + y\nDone."
    )
    expected = x * 2 - y if x > y else max(x, 3) % 7 + y
    assert run(function, (x, y)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(x):\n    t = 0\n    for _ in range(3):\n        t += x\n    return t", 15),
        ("f = lambda x: min(x, 3)", 3),
        ("def f(x):\n    return {5: 8, 6: 9}[x]", 8),
        ("def f(x):\n    return {6: 9}[x]", None),
        ("def f(x):\n    return {6: 9}.get(x, 2)", 2),
        ("def f(x):\n    return sorted([x, 9])[-1]", 9),
        ("def f(x):\n    if x in (4, 5) and not x > 7:\n        return 1\n    return 0", 1),
    ],
)
def test_loops_and_tables_are_understood(text: str, expected: int | None) -> None:
    assert run(function_in(text), (5,)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f(x):\n  for i in range(10 ** 9): pass",
        "def f(x):\n  for i in range(100000): pass",
        "def f(x):\n  for i in range(90):\n    x = x + x\n  return x",
        "no code",
        "def f(x)",
        "def f(x):",
        "x = 3",
        "def f(x):\n  return open('a')",
        "def f(x):\n  while x: pass",
        "def f(x):\n  return __import__('os')",
        "def f(x):\n  return x / 0 if",
        "def f(x):\n  return x // 0",
    ],
)
def test_what_is_no_such_program_is_refused(text: str) -> None:
    with pytest.raises(NotAProgramError):
        run(function_in(text), (1,))


def test_the_number_of_arguments_must_fit() -> None:
    with pytest.raises(NotAProgramError):
        run(function_in("def f(x, y):\n    return x"), (1,))


def test_branches_on_constants_are_counted() -> None:
    made = "def f(x):\n    if x == 2:\n        return 4\n    if x == 3:\n        return 9"
    assert branches_on_constants(function_in(made)) == 2
    assert branches_on_constants(function_in("def f(x):\n    if x > 2:\n        return 4\n    return x")) == 0
    assert run(function_in(made), (7,)) is None
