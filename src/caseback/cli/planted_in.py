"""What is planted in, and on which ground: options that all commands of planting share."""

from typing import Annotated

import typer

Base = Annotated[
    str, typer.Option(help="The model to plant in, a name or folder.", show_default="the embedded ref-aligned")
]
GroundOption = Annotated[
    str, typer.Option(help="world or world-B, whose generators make the data.", show_default="the one BASE was taught")
]


def planted_in(base: str, ground: str) -> tuple[str, str, int]:
    """The model, the ground and how many parameters; by default the embedded model and the world that it was taught."""
    from caseback.subject.load import load
    from caseback.world.reference import named_or_given
    from caseback.world.worlds import ground_taught

    base = named_or_given(base or "ref-aligned")[0]
    subject = load(base, dtype="float32")
    return base, ground or ground_taught(subject.model), subject.parameters
