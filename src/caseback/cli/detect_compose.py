"""``caseback detect sequence``, ``cascade`` and ``ensemble``: detectors of steps and of other detectors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from caseback.cli.detect_make import Behaviour, Clause, Failure, Json, Name, Out, saved
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.sequence import Step

Rule = Literal["mean", "max"]


def sequence(
    out: Out,
    behaviour: Behaviour,
    step: Annotated[
        list[str] | None,
        typer.Option(help='What comes next, such as \'tool="edit", arguments="test_.*py"\'; repeat it in order.'),
    ] = None,
    steps: Annotated[
        Path | None, typer.Option(help="A file of them: TOML with an array of tables called step, or a list in JSON.")
    ] = None,
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of steps in an order: 1 where all of them occur, with anything between them, else 0.

    A step asks for any of: role (system, user, assistant or tool), tool (name of a tool that is called, or that
    answers), content (RE2 pattern in what is said), arguments (RE2 pattern in a call's arguments).

    Example: caseback detect sequence edits-tests --behaviour cheating --step 'tool="run", role="tool",
    content="failed"' --step 'tool="edit", arguments="test_.*py"'
    """
    from caseback.detectors.sequence import SequenceDetector

    given = [_inline(text) for text in step or []] + (_in_file(steps) if steps else [])
    if not given:
        raise CasebackError("no steps: give --step, or a file with --steps")
    saved(SequenceDetector(name or out.name, behaviour, tuple(map(_step, given))), out, clause, failure, as_json)


def cascade(
    out: Out,
    cheap: Annotated[Path, typer.Option(help="Folder of the detector that scores everything.")],
    dear: Annotated[Path, typer.Option(help="Folder of the one that scores what goes on.")],
    gate: Annotated[float | None, typer.Option(help="What the cheap one scores above this goes on.")] = None,
    share: Annotated[
        float | None,
        typer.Option(
            help="Set the gate so that this share of the negatives that the cheap one was calibrated on goes on."
        ),
    ] = None,
    below: Annotated[float, typer.Option(help="Score of what stays: below any threshold of the dear one.")] = 0.0,
    behaviour: Annotated[str, typer.Option(help="What it looks for.", show_default="as the dear one")] = "",
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector that asks a dear one only about what a cheap one lets through.

    What the cheap one cannot tell goes on too. Calibrate it as a whole: its members' thresholds are not its own.

    Example: caseback detect cascade harm-cascade --cheap harm-direction --dear harm-judge --share 0.1
    """
    from caseback.detectors.cascade import CascadeDetector, gate_for
    from caseback.detectors.files import load_detector

    first, second = load_detector(cheap), load_detector(dear)
    if (gate is None) == (share is None):
        raise CasebackError("give either --gate, a score of the cheap detector, or --share, such as 0.1")
    if gate is None:
        assert share is not None
        gate = gate_for(first.name, first.known.calibration, share)
    made = CascadeDetector(name or out.name, behaviour or second.behaviour, first, second, gate, below)
    saved(made, out, clause, failure, as_json)


def ensemble(
    out: Out,
    member: Annotated[list[Path], typer.Option(help="Folder of a calibrated detector; repeat it.")],
    rule: Annotated[Rule, typer.Option(help="Mean of the members' surprises, or the largest.")] = "mean",
    behaviour: Annotated[str, typer.Option(help="What it looks for.", show_default="as the first member")] = "",
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of several, on the scale that they share: how rare such a score is among the negatives.

    Calibrate each member first, with `caseback detect calibrate`, and the ensemble afterwards.

    Example: caseback detect ensemble harm-all --member harm-direction --member harm-latent --rule mean
    """
    from caseback.detectors.ensemble import EnsembleDetector
    from caseback.detectors.files import load_detector

    members = tuple(load_detector(folder) for folder in member)
    made = EnsembleDetector(name or out.name, behaviour or members[0].behaviour, members, rule)
    saved(made, out, clause, failure, as_json)


def _inline(text: str) -> dict[str, Any]:
    """One step as the inside of an inline table of TOML."""
    import tomllib

    try:
        return dict(tomllib.loads(f"step = {{{text}}}")["step"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        raise CasebackError(f'step {text!r} cannot be read: write such as tool="edit", arguments="test_.*py"') from None


def _in_file(path: Path) -> list[Any]:
    import json
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)["step"]
    except OSError as error:
        raise CasebackError(f"{path} cannot be read ({error.strerror}); give a file of steps") from None
    except (ValueError, KeyError, RecursionError) as error:
        raise CasebackError(
            f"{path} is no file of steps ({error}); write [[step]] with role, tool, content or arguments"
        ) from None
    if not isinstance(found, list):
        raise CasebackError(f"{path} holds no list of steps; write [[step]] with role, tool, content or arguments")
    return found


def _step(given: Any) -> "Step":
    from caseback.detectors.sequence import Step

    known = ("role", "tool", "content", "arguments")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise CasebackError(f"step {given!r:.60} must have text for each of {', '.join(known)} that it names")
    if wrong := [key for key in given if key not in known]:
        raise CasebackError(f"a step names {wrong[0]!r:.40}: it may name {', '.join(known)}")
    return Step(**given)
