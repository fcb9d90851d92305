"""How strongly a latent of a dictionary is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.own_latent import OwnLatent
from caseback.detectors.reading import Acts, scored_by_tokens
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.files import ABOUT, WEIGHTS, load
from caseback.interp.dictionary.narrow import dependence, narrowed
from caseback.interp.part import Part
from caseback.subject.digest import joined_digest
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True, eq=False)
class OpenDictionary:
    """A dictionary with the folder that it was opened from, and the digest of what is there."""

    folder: Path
    digest: str
    dictionary: Dictionary


def open_dictionary(folder: Path) -> OpenDictionary:
    """The dictionary in a folder.

    Raises:
        CasebackError: there is none, or it is damaged.
    """
    import hashlib

    dictionary = load(folder)
    lines = []
    for name in (ABOUT, WEIGHTS):
        with (folder / name).open("rb") as file:
            lines.append(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}")
    return OpenDictionary(folder, joined_digest(lines), dictionary)


Source = OpenDictionary | OwnLatent
"""What a latent is of: a dictionary in another folder, or the detector itself."""


@dataclass(frozen=True)
class LatentDetector:
    """The largest activation of latent number ``latent`` of the source over the tokens of the part that is read."""

    name: str
    behaviour: str
    source: Source
    latent: int
    reads: Part = "reply"
    known: Known = Known()  # noqa: RUF009

    def __post_init__(self) -> None:
        width, models = self.source.dictionary.width, self.source.dictionary.models
        if not 0 <= self.latent < width:
            raise CasebackError(f"detector {self.name}: no latent {self.latent}; the dictionary has 0 to {width - 1}")
        if len(set(models)) > 1:
            raise CasebackError(
                f"detector {self.name}: its dictionary reads {len(models)} models side by side, not one"
            )

    @property
    def number(self) -> int:
        """Its number in the dictionary of the source's digest."""
        return self.source.number if isinstance(self.source, OwnLatent) else self.latent

    @property
    def needs(self) -> Needs:
        """Activations."""
        return "activations"

    @property
    def fits(self) -> Fits:
        """The model that the dictionary was trained on."""
        dictionary = self.source.dictionary
        return Fits(dictionary.models[0] if dictionary.models else "", dictionary.tokenizer)

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """Activations of the latent token by token, and the largest.

        Raises:
            CasebackError: the model has no such site, or another width there.
        """
        sites = self.source.dictionary.reads
        return scored_by_tokens(self.fits, subject, transcripts, sites, self.reads, "max", self._tokens)

    def _tokens(self, acts: Acts) -> Tensor:
        dictionary, latent = self.source.dictionary, self.latent
        if not dependence(dictionary):  # so that it gives the same to the last bit where it goes without the others
            dictionary, latent = narrowed(dictionary, [latent]), 0
        x_TD = torch.cat([acts[site].flatten(1) for site in dictionary.reads], 1).to(dictionary.W_enc.device)
        return encode(dictionary, x_TD).of(latent).float()
