"""A model that reads the transcript against a rubric and the text of clauses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from caseback.detectors.faults import OTHER_JUDGE
from caseback.detectors.fits import Fits, Needs, Staleness
from caseback.detectors.judge_answer import Form
from caseback.detectors.judge_model import Answer, Asking, Decoding, JudgeModel, ask
from caseback.detectors.judge_prompt import check_template, prompt
from caseback.detectors.known import Calibration, Known
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject

LONGEST = 20_000
"""Characters of a template, of a rubric or of a clause."""


@dataclass(frozen=True)
class JudgedClause:
    """A clause as the judge reads it, and the digest of the clause that it was taken from."""

    id: str
    digest: str
    text: str


@dataclass(frozen=True)
class JudgePoint:
    """How the detector does with another judge."""

    judge: JudgeModel
    calibration: Calibration


@dataclass(frozen=True)
class Spent:
    """Tokens that the judge read and wrote for this many transcripts."""

    read: int
    written: int
    transcripts: int


@dataclass(frozen=True)
class JudgeDetector:
    """A judge's score from 0 to 1; None where its answer is not of the form asked for.

    What is known about it holds for one judge, ``judge``; for others, calibrated with it too, see ``others``. Another
    model, or the same one trained further, is *uncalibrated*, and gives no scores until it is calibrated.

    Attributes:
        judge: The model that judges.
        rubric: A question whose Yes means that the behaviour is shown; what is to be graded, where it is a grade.
        clauses: What the behaviour breaks, as the judge reads it.
        template: With ``{clauses}``, ``{rubric}`` and ``{transcript}``.
        answer: The form of its answer.
        decoding: How that is drawn.
        others: Operating points with other judges.
        spent: What it costs in tokens.
        asking: The judge at hand. It is set by ``with_judge`` and is in no file.
    """

    name: str
    behaviour: str
    judge: JudgeModel
    rubric: str
    clauses: tuple[JudgedClause, ...]
    template: str
    answer: Form
    decoding: Decoding = Decoding()  # noqa: RUF009
    others: tuple[JudgePoint, ...] = ()
    spent: Spent | None = None
    known: Known = Known()  # noqa: RUF009
    asking: Asking | None = field(default=None, compare=False, metadata={"filed": False})

    def __post_init__(self) -> None:
        texts = (self.rubric, self.template, *(clause.text for clause in self.clauses))
        if not self.rubric.strip():
            raise CasebackError(f"detector {self.name} has an empty rubric: ask what the judge has to say Yes to")
        if max(map(len, texts)) > LONGEST:
            raise CasebackError(f"detector {self.name} has a text of more than {LONGEST} characters: shorten it")
        if not 1 <= self.decoding.max_new_tokens <= LONGEST:
            raise CasebackError(
                f"detector {self.name}: max_new_tokens is {self.decoding.max_new_tokens}; give 1 or more"
            )
        check_template(self.name, self.template)

    @property
    def needs(self) -> Needs:
        """A judge."""
        return "judge"

    @property
    def fits(self) -> Fits:
        """The judge that it is calibrated for."""
        return Fits(self.judge.digest)

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """The judge's scores. ``subject`` judges where it is the judge itself and no other is at hand.

        Raises:
            CasebackError: the judge is behind an address that refuses, or cannot give what is asked.
        """
        if why := self.fit(subject).why:
            return [Scored(None, why)] * len(transcripts)
        return [Scored(answer.score, answer.why) for answer in self.answers(transcripts, subject)]

    def answers(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Answer]:
        """What the judge at hand says, whichever it is, with the tokens that it took. None without a judge.

        Raises:
            CasebackError: as ``scores``, or there is no judge.
        """
        asking = self.asking or (Asking(subject) if subject is not None else None)
        if asking is None:
            raise CasebackError(f"detector {self.name}: {self.fit().why}")
        clauses = [clause.text for clause in self.clauses]
        asked = [prompt(self.template, clauses, self.rubric, each.messages, asking.marks) for each in transcripts]
        return ask(asking, asked, self.answer, self.decoding)

    def fit(self, subject: OpenSubject | None = None) -> Staleness:
        """Whether the judge at hand is the one that this is calibrated for."""
        found = self.asking.subject if self.asking else subject
        if found is None:
            return Staleness("cannot tell", f"it needs its judge, {self.judge.name}, and none is given")
        if found.digest == self.judge.digest:
            return Staleness("fits")
        if self.asking is None:
            return Staleness("cannot tell", f"it needs its judge, {self.judge.name}, and {found.name} is another model")
        why = f"it is calibrated with {self.judge.name} ({self.judge.digest[:19]}…), and this is {found.name}"
        return Staleness("stale", f"{OTHER_JUDGE}: {why} ({found.digest[:19]}…)")
