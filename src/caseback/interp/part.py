"""Which tokens of a transcript are read, and how what is read of them becomes one number. Their names alone."""

from typing import Literal

Part = Literal["prompt", "turn", "reply"]
Pool = Literal["last", "mean", "max", "rolling"]
