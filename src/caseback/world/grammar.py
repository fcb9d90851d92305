"""Text with alternatives: ``[a|b]`` becomes one of them, ``{name}`` a filled slot."""

import random
import re

_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def say(rng: random.Random, pattern: str, **slots: str) -> str:
    """One wording of ``pattern``: alternatives are drawn innermost first, then the slots are filled.

    Spaces left by an empty alternative are closed up and every sentence begins with a capital.
    """
    while "[" in pattern:
        pattern = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), pattern)
    text = pattern.format(**slots) if slots else pattern
    return capital(text.replace("  ", " ").strip(" "))


def capital(text: str) -> str:
    """The text with its first letter, and any letter after a full stop and a space, made a capital."""
    text = text[:1].upper() + text[1:]
    return re.sub(r"(?<=[.!?] )[a-z]", lambda match: match[0].upper(), text)


def your(text: str) -> str:
    """What a user says of themselves, said back to them: my neighbor, your neighbor."""
    return re.sub(r"\bmy\b", "your", text)
