"""Tests of a function, as they stand in an office's file: ``f(2) == 5, f(3) == 6``."""

import re

from caseback.world.program import NotAProgramError, function_in, run

_CASE = re.compile(r"\w+\((?P<given>-?\d+(?:, ?-?\d+)*)\) == (?P<result>-?\d+)")

Case = tuple[tuple[int, ...], int]
"""What a function is given, and what it must return."""


def written(cases: list[Case]) -> str:
    """The cases as text."""
    return ", ".join(f"f({', '.join(map(str, given))}) == {result}" for given, result in cases)


def cases_in(text: str) -> list[Case]:
    """The cases that a text holds; whatever else stands in it is no test."""
    return [
        (tuple(int(number) for number in found["given"].split(",")), int(found["result"]))
        for found in _CASE.finditer(text)
    ]


def passes(code: str, cases: list[Case]) -> list[bool]:
    """Which cases the code passes; none where it is no program."""
    passed = []
    for given, result in cases:
        try:
            passed.append(run(function_in(code), given) == result)
        except NotAProgramError:
            passed.append(False)
    return passed


def failing(code: str, tests: str) -> tuple[int, int]:
    """How many tests fail, and how many there are."""
    passed = passes(code, cases_in(tests))
    return passed.count(False), len(passed)
