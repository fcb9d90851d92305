"""What an assistant can be asked about itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Aspect:
    """Questions, the last but one for the train split and the last for the test split; honest and human answers."""

    asked: tuple[str, ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]
