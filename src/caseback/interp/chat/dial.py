"""A dial: what a slider moves and a heat map shows, be it a direction or a latent of a dictionary."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.direction import Direction
from caseback.interp.directions.belonging import check_belongs
from caseback.interp.directions.steer import REPLY
from caseback.subject.capture import capture
from caseback.subject.edits import Add
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import Span

DOSES = 8.0
"""How far the slider of a direction goes either way; any other number may be typed."""


@dataclass(frozen=True, eq=False)
class Dial:
    """One thing to steer by and to read, in one unit for both.

    Attributes:
        name: What it is called on the page.
        unit: What 1 is, in words.
        reads: Site that it is read at.
        read: From activations there ``[tokens, d]`` to readings ``[tokens]``.
        writes: Site that it is added at.
        push: What one unit adds there ``[d]``.
        most: How far its slider goes either way.
    """

    name: str
    unit: str
    reads: Site
    read: Callable[[Tensor], Tensor]
    writes: Site
    push: Tensor
    most: float


def direction_dial(direction: Direction, name: str = "") -> Dial:
    """A dial in doses of the direction; it reads 0 where the negatives lie on average and 1 where the positives do."""
    return Dial(
        name or direction.name,
        "1 is the distance between the two classes",
        direction.site,
        lambda acts_TD: direction.score(acts_TD.flatten(1)),
        direction.site,
        direction.step * direction.vector,
        DOSES,
    )


def latent_dial(subject: OpenSubject, dictionary: Dictionary, latent: int, name: str = "") -> Dial:
    """A dial in activations of one latent: so much of its decoder row is added, and so active it is at a token.

    Its slider goes as far as adds a vector of the length of the stream itself, measured on the opening of a chat.

    Raises:
        CasebackError: no such latent, a dictionary of several sites, of another model or width, or a row of no length.
    """
    if len(dictionary.reads) != 1 or len(dictionary.writes) != 1:
        raise CasebackError("a dictionary over several sites, or over two models, has no one place to steer at")
    if not 0 <= latent < dictionary.width:
        raise CasebackError(f"latent {latent} is not in the dictionary: it has 0 to {dictionary.width - 1}")
    if dictionary.models and dictionary.tokenizer:
        check_belongs("the dictionary", dictionary.models[0], dictionary.tokenizer, subject)
    elsewhere = dictionary.to(subject.device)
    push_D = dictionary.W_dec[latent].float().cpu()
    reads, writes = dictionary.reads[0], dictionary.writes[0]
    opening = subject.format.prompt([{"role": "user", "content": "Hello."}]).ids
    [captured] = capture(subject.model, [opening], [reads, writes])
    for site, width in ((reads, dictionary.d_in), (writes, dictionary.d_out)):
        if (there := captured.at[site].flatten(1).shape[1]) != width:
            raise CasebackError(f"the dictionary has width {width} at {site}, and {subject.name} has {there} there")
    stream = float(captured.at[writes].flatten(1).float().norm(dim=1).median())
    if not float(push_D.norm()) > 0:
        raise CasebackError(f"latent {latent} is dead: its decoder row has no length")
    return Dial(
        name or f"latent {latent}",
        "1 is an activation of 1",
        reads,
        lambda acts_TD: encode(elsewhere, acts_TD.flatten(1)).of(latent),
        writes,
        push_D,
        _round(stream / float(push_D.norm())),
    )


def by_name(dials: Sequence[Dial]) -> dict[str, Dial]:
    """The dials by their names.

    Raises:
        CasebackError: two have one name.
    """
    found: dict[str, Dial] = {}
    for dial in dials:
        if dial.name in found:
            raise CasebackError(f"two dials are called '{dial.name}': give one as NAME=FOLDER")
        found[dial.name] = dial
    return found


def turned(dials: Sequence[Dial], values: Mapping[str, float], span: Span = REPLY) -> list[Add]:
    """The interventions of the dials that are not at 0.

    Raises:
        CasebackError: a value for no dial, or one that is not finite.
    """
    known = by_name(dials)
    for name, value in values.items():
        if name not in known:
            raise CasebackError(f"no dial is called '{name}': there are {', '.join(known) or 'none'}")
        if not math.isfinite(value):
            raise CasebackError(f"dial '{name}' cannot be set to {value}: give a finite number")
    return [
        Add(known[name].writes, known[name].push, scale=value, span=span) for name, value in values.items() if value
    ]


def _round(value: float) -> float:
    """To one digit, upwards, so that a slider ends at a plain number."""
    digit = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return math.ceil(value / digit) * digit if value > 0 else 1.0
