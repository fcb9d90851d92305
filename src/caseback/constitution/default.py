"""The constitution that ships with caseback."""

from importlib.resources import files

from caseback.constitution.clause import Constitution
from caseback.constitution.parse import parse


def default() -> Constitution:
    """The default constitution, ``default.md`` beside this file."""
    return parse(files("caseback.constitution").joinpath("default.md").read_text(encoding="utf-8"), "default.md")
