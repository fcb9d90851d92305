"""Which model a detector fits, and whether it fits the one at hand."""

from dataclasses import dataclass
from typing import Literal

from caseback.interp.directions.belonging import tokenizer_digest
from caseback.interp.store.identity import tokenizer_digest as without_template
from caseback.subject.open_subject import OpenSubject

Needs = Literal["text", "activations"]
Word = Literal["fits", "stale", "needs no model", "cannot tell"]


@dataclass(frozen=True)
class Fits:
    """Digests of the model and of the tokenizer; empty where none is needed, or none is known."""

    model: str = ""
    tokenizer: str = ""


@dataclass(frozen=True)
class Staleness:
    """Whether a detector may be used with a model, and why not."""

    word: Word
    why: str = ""


def staleness(needs: Needs, fits: Fits, subject: OpenSubject | None) -> Staleness:
    """Whether what needs activations of the model of these digests fits ``subject``."""
    if needs == "text":
        return Staleness("needs no model")
    if subject is None:
        return Staleness("cannot tell", "it needs activations, and no open model is given")
    if not fits.model:
        return Staleness("cannot tell", "it does not say which model it was made for")
    # Directions name their tokenizer with its template, dictionaries without.
    if fits.tokenizer and fits.tokenizer not in (tokenizer_digest(subject), without_template(subject.tokenizer)):
        return Staleness("stale", f"the tokenizer or chat template of {subject.name} is another")
    if fits.model != subject.digest:
        made_for, here = fits.model[:19], subject.digest[:19]
        return Staleness("stale", f"the model changed: it was made for {made_for}…, and {subject.name} is {here}…")
    return Staleness("fits")
