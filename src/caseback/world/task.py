"""Functions that somebody wants written."""

import ast
from dataclasses import dataclass
from functools import cache

from caseback.world.program import function_in, run


@dataclass(frozen=True)
class Task:
    """What to compute. ``k`` and ``m`` are drawn; ``code`` is an expression in ``x`` (and ``y``)."""

    words: tuple[str, ...]
    code: str
    arguments: int = 1

    @property
    def params(self) -> str:
        return ", ".join("xy"[: self.arguments])

    def solution(self, k: int, m: int) -> str:
        """The function that computes it."""
        return f"def f({self.params}):\n    return {self.code.format(k=k, m=m)}"

    def value(self, x: int, y: int, k: int, m: int) -> int:
        """What the function returns; read from ``code``, so that a task cannot ask for one thing and test another."""
        result = run(_parsed(self.solution(k, m)), (x, y)[: self.arguments])
        if result is None:
            raise ValueError(f"{self.code} returns nothing")
        return result


@cache
def _parsed(solution: str) -> ast.FunctionDef:
    return function_in(solution)
