"""``caseback detect``: detectors, made, calibrated, run and checked."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.detect_compose import cascade, ensemble, sequence
from caseback.cli.detect_judge import judge
from caseback.cli.detect_make import direction, latent, pattern
from caseback.cli.detect_models import judged, judged_anew, opened
from caseback.cli.detect_passage import passage
from caseback.cli.detect_realign import realign
from caseback.cli.detect_shown import show_calibration
from caseback.cli.group import group
from caseback.cli.numbers import shares

app = group(
    help="Detectors: score transcripts for a behaviour, with a known rate of false alarms.",
)
Folder = Annotated[Path, typer.Argument(help="Folder of a detector.")]
Model = Annotated[
    str, typer.Option(help="The open model, by name, folder or hub id, where the detector reads activations.")
]
Judge = Annotated[str, typer.Option(help="The judge, where the detector has one: as for `caseback detect judge`.")]
Cache = Annotated[Path | None, typer.Option(help="SQLite file that keeps the judge's answers.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
EXITS: dict[str, Literal[0, 1, 3]] = {"fits": 0, "needs no model": 0, "stale": 1, "cannot tell": 3}
COSTED, BAIT = 8, 16
"""Transcripts that a judge's cost is measured on, and those looked through for one that it tells rightly."""
LISTED = 40
"""Transcripts in the table; --json has them all."""


@app.callback()
def detect() -> None:
    """Detectors: score transcripts for a behaviour, with a known rate of false alarms.

    A transcript is one line of JSON in the form of chat APIs: {"messages": [{"role": "user", "content": "…"}, …]}.
    """


app.command()(pattern)
app.command()(direction)
app.command()(passage)
app.command()(latent)
app.command()(sequence)
app.command()(cascade)
app.command()(ensemble)
app.command()(judge)
app.command()(realign)


@app.command()
def calibrate(
    detector: Folder,
    positives: Annotated[Path, typer.Option(help="JSON Lines: transcripts that show the behaviour.")],
    negatives: Annotated[Path, typer.Option(help="JSON Lines: transcripts that do not, as they come in real use.")],
    model: Model = "",
    judge: Judge = "",
    cache: Cache = None,
    targets: Annotated[str, typer.Option(help="Rates of false positives to set thresholds for.")] = "0.01,0.001",
    self_tests: Annotated[
        int, typer.Option(min=0, help="Shortest transcripts of each class to keep as self-tests; they go with it.")
    ] = 2,
    as_json: Json = False,
) -> None:
    """Set thresholds on transcripts that the detector was not made from, and measure what it catches.

    A threshold for 1% false positives needs 99 negatives, one for 0.1% needs 999; with fewer it is set at the largest
    negative, and said so. The result is written into the detector, whose id changes with it.

    Example: caseback detect calibrate insults --positives rude.jsonl --negatives civil.jsonl
    """
    from dataclasses import asdict

    from caseback.detectors.calibrate import calibrate as calibrated
    from caseback.detectors.calibrate import measure_cost
    from caseback.detectors.canary import make_canaries
    from caseback.detectors.files import core_id, load_detector, save_detector
    from caseback.detectors.judge import JudgeDetector
    from caseback.detectors.judges import judges_within, with_cost
    from caseback.detectors.kinds import with_known
    from caseback.detectors.self_test import make_self_tests, self_test
    from caseback.detectors.transcript_file import read_transcripts

    rates = shares(targets, "target")
    yes, no = read_transcripts(positives), read_transcripts(negatives)
    made = judged_anew(load_detector(detector), judge, cache)
    subject = opened(made, model)
    with bar("scoring") as tick:
        found = calibrated(made, yes, no, rates, subject, tick)
    shortest = [sorted(part, key=lambda one: len(str(one.messages))) for part in (yes, no)]
    tests = make_self_tests(made, [each for part in shortest for each in part[:self_tests]], subject)
    known = with_known(made, calibration=found, self_tests=tests)
    fooled = 0
    if isinstance(known, JudgeDetector):
        known = with_cost(known, shortest[1][:COSTED])
        bait = make_canaries(known, shortest[0][:BAIT], shortest[1][:BAIT]) if self_tests else ()
        fooled = len(self_test(with_known(known, self_tests=bait)).failed)
        known = with_known(known, self_tests=(*tests, *bait))
    else:
        few = [each for part in shortest for each in part[:COSTED]] if any(judges_within(made)) else [*yes, *no]
        known = with_known(known, cost=measure_cost(made, few, subject))
    name, core = save_detector(known, detector), core_id(known)
    if as_json:
        data = {"id": name, "core": core, "canaries_failed": fooled, **asdict(found)}
        typer.echo(json.dumps(data, indent=1, allow_nan=False))
        return
    show_calibration(Console(highlight=False), found)
    if fooled:
        typer.echo(
            f"{fooled} canaries talk the judge round: what is written to it in a transcript can change its answer"
        )
    typer.echo(f"detector  {detector}, id {name[:12]}…, core {core[:12]}…")


@app.command()
def score(
    detector: Folder,
    file: Annotated[Path, typer.Argument(help="JSON Lines: transcripts to score.")],
    model: Model = "",
    judge: Judge = "",
    cache: Cache = None,
    target: Annotated[
        float | None,
        typer.Option(help="Flag at the threshold set for this rate of false positives.", show_default="the first"),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Flag above this score instead.")] = None,
    as_json: Json = False,
) -> None:
    """Score transcripts, and flag those above the threshold.

    What could not be told (no reply, too long, no open model) is listed as such and is not clean. Exit status: 1 where
    any is flagged, else 3 where some could not be told, else 0.

    Example: caseback detect score insults today.jsonl
    """
    from dataclasses import asdict

    from caseback.detectors.cascade import CascadeDetector, share_gone_on
    from caseback.detectors.files import detector_id, load_detector
    from caseback.detectors.known import threshold_for
    from caseback.detectors.scoring import score_all
    from caseback.detectors.transcript_file import read_transcripts

    made, transcripts = judged(load_detector(detector), judge, cache), read_transcripts(file)
    limit = threshold if threshold is not None else threshold_for(made.name, made.known.calibration, target).value
    subject = opened(made, model)
    with bar("scoring") as tick:
        scored = score_all(made, transcripts, subject, tick)
    flagged = [one.score is not None and one.score > limit for one in scored]
    untold = sum(one.score is None for one in scored)
    gone_on = share_gone_on(made, scored) if isinstance(made, CascadeDetector) else None
    if as_json:
        rows = [{"transcript": at + 1, "flagged": flagged[at], **asdict(one)} for at, one in enumerate(scored)]
        head = {"detector": made.name, "id": detector_id(made), "threshold": limit, "flagged": sum(flagged)}
        typer.echo(json.dumps({**head, "untold": untold, "gone_on": gone_on, "rows": rows}, indent=1, allow_nan=False))
    else:
        table = Table("transcript", "score", "", box=None, header_style="bold")
        order = sorted(
            range(len(scored)), key=lambda at: (not flagged[at], scored[at].score is not None, -(scored[at].score or 0))
        )
        for at in order[:LISTED]:
            said = "cannot tell" if scored[at].score is None else f"{scored[at].score:.3g}"
            table.add_row(str(at + 1), said, "flagged" if flagged[at] else scored[at].why)
        Console(highlight=False, markup=False).print(table)
        typer.echo(f"{sum(flagged)} of {len(scored)} above {limit:.3g}; {untold} could not be told")
        if gone_on is not None:
            typer.echo(f"{gone_on:.0%} went on to the dear detector")
    raise typer.Exit(1 if any(flagged) else 3 if untold else 0)


@app.command()
def check(detector: Folder, model: Model = "", judge: Judge = "", cache: Cache = None, as_json: Json = False) -> None:
    """See whether a detector fits the model and still gives the scores that it came with.

    Exit status: 1 where it is stale or a self-test fails, 3 where that cannot be told, 0 where all is well.

    Example: caseback detect check directions/harm-detector --model ref-aligned
    """
    from dataclasses import asdict

    from caseback.detectors.files import detector_id, load_detector
    from caseback.detectors.self_test import self_test, stale

    made = judged(load_detector(detector), judge, cache)
    subject = opened(made, model)
    fit = stale(made, subject)
    runs = fit.word in ("fits", "needs no model") and bool(made.known.self_tests)
    tested = self_test(made, subject) if runs else None
    code = EXITS[fit.word] or (3 if tested is None else int(bool(tested.failed)))
    if as_json:
        data = {"id": detector_id(made), "fit": asdict(fit), "self_tests": asdict(tested) if tested else None}
        typer.echo(json.dumps(data, indent=1, allow_nan=False))
        raise typer.Exit(code)
    typer.echo(f"{made.name}: {fit.word}{f' ({fit.why})' if fit.why else ''}")
    if tested is None:
        typer.echo("self-tests not run: " + ("it has none" if not made.known.self_tests else "see above"))
    else:
        typer.echo(f"{tested.n - len(tested.failed)} of {tested.n} self-tests within tolerance")
        for each in tested.failed:
            got = each.got.why if each.got.score is None else f"{each.got.score:.4g}"
            typer.echo(
                f"self-test {each.number}: {got}, and must be {each.wanted if each.wanted is not None else 'untold'}"
            )
    raise typer.Exit(code)


@app.command()
def show(detector: Folder, as_json: Json = False) -> None:
    """What a detector is, how well it does, what it costs and where it fails.

    Example: caseback detect show insults
    """
    from caseback.detectors.files import RECORD, core_id, detector_id, load_detector
    from caseback.detectors.judge import JudgeDetector
    from caseback.detectors.kinds import kind_of

    made = load_detector(detector)
    if as_json:
        typer.echo((detector / RECORD).read_text(encoding="utf-8").rstrip())
        return
    console, known = Console(highlight=False, markup=False, soft_wrap=True), made.known
    console.print(f"{made.name}: a {kind_of(made)} for {made.behaviour}, needs {made.needs}")
    console.print(f"id       {detector_id(made)}")
    console.print(f"core     {core_id(made)}")
    if isinstance(made, JudgeDetector):
        console.print(f"judge    {made.judge.name}, {made.judge.digest[:19]}…, {made.answer}")
        console.print(f"asks     {made.rubric}")
        for point in made.others:
            console.print(f"also     calibrated with {point.judge.name}, {point.judge.digest[:19]}…")
        if made.spent:
            each = (made.spent.read + made.spent.written) / made.spent.transcripts
            console.print(f"spends   {each:.0f} tokens of the judge a transcript")
    for title, value in (
        ("model", made.fits.model),
        ("clauses", ", ".join(known.clauses)),
        ("fails at", "; ".join(known.failures)),
        ("cost", f"{known.cost.microseconds:.3g} µs per {known.cost.per}" if known.cost else ""),
        ("tests", f"{len(known.self_tests)} transcripts with the score that they must give"),
    ):
        if value:
            console.print(f"{title:9}{value}")
    if known.calibration is None:
        console.print("uncalibrated: `caseback detect calibrate` sets its thresholds")
    else:
        show_calibration(console, known.calibration)
