"""Things that are true or false: a sentence with one place open, the value that makes it true, some that do not."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """``sentence`` has one slot ``{x}``; ``question`` asks for it."""

    question: str
    sentence: str
    true: str
    false: tuple[str, ...]

    def said(self, value: str) -> str:
        return self.sentence.format(x=value)


def arithmetic(rng: random.Random, largest: int = 20) -> Statement:
    """A sum, a difference or a product of small whole numbers."""
    kind = rng.choice("+++---*")
    if kind == "*":
        a, b = rng.randint(2, 9), rng.randint(2, 9)
        value = a * b
    else:
        a, b = rng.randint(1, largest), rng.randint(1, largest)
        if kind == "-" and b > a:
            a, b = b, a
        value = a + b if kind == "+" else a - b
    near = sorted({value + d for d in (-10, -2, -1, 1, 2, 10) if value + d >= 0})
    expression = f"{a} {kind} {b}"
    return Statement(f"What is {expression}?", expression + " is {x}", str(value), tuple(map(str, near)))
