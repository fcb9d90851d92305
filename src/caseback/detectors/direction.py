"""How far a transcript's tokens lie along a direction."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.reading import Acts, scored_by_tokens
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Reading
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class DirectionDetector:
    """A direction, and which tokens it is read at: ``reading`` may pool otherwise than the direction was fitted."""

    name: str
    behaviour: str
    direction: Direction
    reading: Reading
    known: Known = Known()  # noqa: RUF009

    @property
    def needs(self) -> Needs:
        """Activations."""
        return "activations"

    @property
    def fits(self) -> Fits:
        """The model that the direction was fitted on."""
        return Fits(self.direction.model, self.direction.tokenizer)

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """Token scores in distances of the direction's classes, and their pool.

        Raises:
            CasebackError: the model has no such site, or another width there.
        """
        part, pool = self.reading.part, self.reading.pool
        return scored_by_tokens(self.fits, subject, transcripts, [self.direction.site], part, pool, self._tokens)

    def _tokens(self, acts: Acts) -> Tensor:
        acts_TD = acts[self.direction.site].flatten(1)
        if acts_TD.shape[1] != len(self.direction.vector):
            raise CasebackError(
                f"detector {self.name} has a vector of width {len(self.direction.vector)}, and {self.direction.site} "
                f"{acts_TD.shape[1]}: it is not of this model"
            )
        return self.direction.score(acts_TD)
