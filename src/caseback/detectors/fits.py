"""Which model a detector fits, and whether it fits the one at hand."""

from dataclasses import dataclass
from typing import Literal

from caseback.detectors.faults import CHANGED, TEMPLATE
from caseback.interp.directions.belonging import known_digests
from caseback.interp.store.identity import tokenizer_digest as without_template
from caseback.subject.open_subject import OpenSubject

Needs = Literal["text", "activations", "judge"]
"""What a detector reads; one that needs a ``judge`` reads text, and has a model at hand read it too."""
Word = Literal["fits", "stale", "needs no model", "cannot tell"]
NO_MODEL = "it needs activations, and no open model is given"


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
    if needs != "activations":
        return Staleness("needs no model")
    if subject is None:
        return Staleness("cannot tell", NO_MODEL)
    if not fits.model:
        return Staleness("cannot tell", "it does not say which model it was made for")
    # Directions name their tokenizer with its template, dictionaries without.
    digests = (*known_digests(subject), without_template(subject.tokenizer)) if fits.tokenizer else ("",)
    if fits.tokenizer not in digests:
        return Staleness("stale", f"{TEMPLATE} of {subject.name} is another")
    why = of_another_model(fits, subject)
    return Staleness("stale", why) if why else Staleness("fits")


def of_another_model(fits: Fits, subject: OpenSubject) -> str:
    """That the model is not the one of these digests, in words; empty where it is, or where none is named.

    The digest is of the model's files, its tokenizer's among them: looking costs nothing, and does not see a tokenizer
    that was changed after it was loaded.
    """
    if fits.model in ("", subject.digest):
        return ""
    return f"{CHANGED}: it was made for {fits.model[:19]}…, and {subject.name} is {subject.digest[:19]}…"
