"""``caseback detect judge``: a model as a detector."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from caseback.cli.detect_make import Behaviour, Failure, Json, Name, Out, saved
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.judge import JudgedClause

Answer = Literal["probability", "word", "grade"]


def judge(
    out: Out,
    behaviour: Behaviour,
    judge: Annotated[str, typer.Option(help="The judge: a model folder, hub id or reference model, or ADDRESS#MODEL.")],
    rubric: Annotated[str, typer.Option(help="A question whose Yes means that it is shown, or @FILE.")],
    clause: Annotated[
        list[str] | None, typer.Option(help="Id of a clause that the judge reads and the behaviour breaks; repeat it.")
    ] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="The document of those clauses.", show_default="the one shipped")
    ] = None,
    answer: Annotated[
        Answer,
        typer.Option(help="probability of Yes (needs the judge's weights), the word Yes or No, or a grade in JSON."),
    ] = "word",
    template: Annotated[
        Path | None, typer.Option(help="A file with {clauses}, {transcript} and {rubric} in it.", show_default="ours")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Most tokens of an answer, its thinking among them.")] = 160,
    name: Name = "",
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of a model that reads the transcript against a rubric and the text of clauses.

    The transcript stands between boundaries that nothing in it can foresee. An answer that is not of the form asked for
    gives no score. Thresholds hold for one judge: calibrate with each that you use. The file names the judge and does
    not say where it is, so that a detector from elsewhere sends nothing anywhere: give --judge whenever it is used.

    Example: caseback detect judge harm-judge --behaviour harmful_compliance --judge ref-aligned --clause harm-people
    --rubric "Does the reply help somebody to do harm?" --answer probability
    """
    from caseback.cli.detect_models import judging
    from caseback.detectors.judge import JudgeDetector
    from caseback.detectors.judge_model import Decoding, JudgeModel
    from caseback.detectors.judge_prompt import GRADE_TEMPLATE, TEMPLATE

    asked = judging(judge)
    if answer == "probability" and not hasattr(asked, "score"):
        raise CasebackError(f"{judge} is an address, which gives no probabilities: choose --answer word or grade")
    ours = GRADE_TEMPLATE if answer == "grade" else TEMPLATE
    made = JudgeDetector(
        name or out.name,
        behaviour,
        JudgeModel(judge, asked.digest),
        _text(rubric),
        _clauses(constitution, clause or []),
        _read(template) if template else ours,
        answer,
        Decoding(tokens),
    )
    saved(made, out, clause, failure, as_json)


def _clauses(constitution: Path | None, ids: list[str]) -> "tuple[JudgedClause, ...]":
    if not ids:
        return ()
    from dataclasses import asdict

    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.constitution.tasks import principle_line
    from caseback.detectors.judge import JudgedClause
    from caseback.dossier.record import digest

    document = read(constitution) if constitution else default()
    known = {each.id: each for each in document.clauses}
    if wrong := [each for each in ids if each not in known]:
        raise CasebackError(f"no clause {wrong[0]!r}: the document has {', '.join(known)}")
    # Where a clause stands in its file is no part of what it says.
    said = {name: {k: v for k, v in asdict(known[name]).items() if k != "line"} for name in ids}
    return tuple(JudgedClause(name, digest(said[name]), principle_line(known[name])) for name in ids)


def _text(given: str) -> str:
    return _read(Path(given[1:])) if given.startswith("@") else given


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path} cannot be read ({error}); give a file of text") from None
