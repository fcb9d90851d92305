"""``caseback game``: red seals models of which some have a fault; blue finds it, or repairs it without being told."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.group import group

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.dossier.record import Record

app = group(
    help="Play a sealed game: red hides models with a planted fault among clean ones, blue finds the fault, or repairs "
    "it without being told what it is.\n\n"
    "Red: [bold]new[/], then [bold]serve[/] where blue gets only an address, at the end [bold]score[/]. "
    "Blue: [bold]play[/], the automatic player, or [bold]submit[/] with guesses or models of its own. "
    "What red knows is sealed by a commitment when the game is made, and revealed by scoring it.",
)

Game = Annotated[Path, typer.Argument(help="Folder of the game.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Weights = Annotated[Path | None, typer.Option(help="Where red keeps the weights, if blue gets only an address.")]


@app.command()
def new(
    sort: Annotated[Literal["find", "repair"], typer.Argument(help="Blue is to find what is wrong, or to repair it.")],
    library: Annotated[Path, typer.Option(help="Organisms and twins, as `caseback plant library` grows them.")] = Path(
        "organisms"
    ),
    subjects: Annotated[int, typer.Option(min=1, help="Models in the game.")] = 8,
    clean: Annotated[float, typer.Option(min=0, max=1, help="Share of them with nothing wrong.")] = 0.5,
    rate_from: Annotated[
        float, typer.Option(min=0, max=1, help="Least rate when tempted at which an organism or dose plays.")
    ] = 0.2,
    seed: Annotated[
        int | None, typer.Option(help="Of the draw. Who knows it and the library can draw again: by default a secret.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for blue.")] = Path("game"),
    key: Annotated[
        Path | None, typer.Option(help="File for red's key, outside OUT. Default: OUT.key.json beside it.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Give blue only an address: red keeps the weights in this folder.")
    ] = None,
    requests: Annotated[int | None, typer.Option(min=1, help="Requests for each subject behind the address.")] = None,
    tokens: Annotated[int | None, typer.Option(min=1, help="Tokens for each, of prompts and replies.")] = None,
    unseen_by: Annotated[Path | None, typer.Option(help="A calibration that blue has: no model of it plays.")] = None,
    base: Annotated[str, typer.Option(help="Where the base is now, if it was moved.")] = "",
    plan: Annotated[
        Path | None, typer.Option(help="Grow this plan into LIBRARY first, as `caseback plant library --plan` does.")
    ] = None,
) -> None:
    """Red: seal a game. OUT is for blue and tells nothing; the key is for red and says what every subject is.

    Publish the commitment that is printed. Scoring refuses a key or a game that does not fit it.
    """
    from caseback.audit.calibration_file import read_calibration
    from caseback.audit.games.new import Budget, Wanted, new_game

    seen = read_calibration(unseen_by) if unseen_by else {"models": []}
    if plan is not None:
        _grow(plan, library, base)
    place = key or out.with_name(f"{out.name}.key.json")
    with bar(f"game of {sort}") as tick:
        made = new_game(
            Wanted(sort, subjects, clean, rate_from, seed, Budget(requests, tokens)), library, out, place,
            base=base or None, weights=weights, unseen=[model["digest"] for model in seen["models"]], progress=tick,
        )  # fmt: skip
    typer.echo(f"game        {out}, for blue: {len(made['subjects'])} subjects")
    typer.echo(f"key         {place}, for red alone")
    typer.echo(f"commitment  {made['commitment']}")


@app.command()
def show(game: Game, as_json: Json = False) -> None:
    """Either side: the game, its commitment, what was submitted, and whether it is over."""
    from caseback.audit.games.game_file import read_game
    from caseback.audit.games.moves import moves_of

    given = read_game(game)
    submissions, end = moves_of(game)
    if as_json:
        moves = [{"id": move.id, "time": move.time, "by": move.body.get("by", "")} for move in submissions]
        typer.echo(json.dumps({**given, "submissions": moves, "revealed_at": end.time if end else None}, indent=1))
        return
    limits = ", ".join(f"{most} {what}" for what, most in given["budget"].items() if most)
    typer.echo(f"{given['game']}, {len(given['subjects'])} subjects, blue gets {given['access']} {limits}".rstrip())
    typer.echo(f"commitment  {given['commitment']}")
    for move in submissions:
        typer.echo(f"submission  {move.time}  {move.body.get('by') or 'not named'}  {move.id[:12]}")
    typer.echo(f"revealed    {end.time}: the game is over" if end else "not revealed yet")


@app.command()
def serve(
    game: Game,
    weights: Weights = None,
    subject: Annotated[str, typer.Option(help="Serve only this subject. Default: all.")] = "",
    host: Annotated[str, typer.Option(help="Address to listen on. There is no password.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8321,
) -> None:
    """Red: the subjects behind an OpenAI-compatible address, the opaque id as the model's name, until Ctrl-C.

    What was asked is counted beside the weights; a restart gives nothing back. Beyond the budget the answer is 429.
    """
    import asyncio

    from caseback.audit.games.game_file import read_game
    from caseback.audit.games.serve import service, serving

    served = service(read_game(game), game, weights, subject)

    def ready(address: str) -> None:
        typer.echo(f"serving {', '.join(served.folders)} at {address}")

    asyncio.run(serving(served, host, port, ready))


@app.command()
def play(
    game: Game,
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration",
            "-c",
            help="To find: calibration.json of `caseback calibrate`, for the same base.",
            show_default="one that ships",
        ),
    ] = None,
    base: Annotated[str, typer.Option(help="To find: the base.", show_default="where the calibration found it")] = "",
    address: Annotated[str, typer.Option(help="To find without weights: what `game serve` printed.")] = "",
    prior: Annotated[float, typer.Option(help="To find: your prior probability that a subject is clean.")] = 0.5,
    constitution: Annotated[Path | None, typer.Option(help="To repair: towards this document.")] = None,
    situations: Annotated[int, typer.Option(min=1, help="To repair: situations of each behaviour to train on.")] = 100,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="To repair: tokens in a reply at most.")] = 96,
    seed: Annotated[int, typer.Option(help="To repair: of everything random.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for what was measured and trained. Default: play/ in GAME.")
    ] = None,
) -> None:
    """Blue: the automatic player. It submits when it is done; one that was stopped goes on with the same command.

    To find, it puts every subject through the panel of the calibration, and turns the statistics into probabilities by
    what they were on models whose truth is known. To repair, it trains every subject towards a constitution.
    """
    from caseback.audit.games.game_file import read_game

    sort = read_game(game)["game"]
    folder = out or game / "play"
    at = [""]
    with bar(f"play: {sort}", lambda: at[0]) as tick:

        def progress(name: str, done: int, total: int) -> None:
            at[0] = name
            tick(done, total)

        if sort == "find":
            from caseback.audit.calibration_file import read_calibration
            from caseback.audit.games.play import Blue
            from caseback.audit.games.play import play as find
            from caseback.audit.packaged import given_or_packaged

            read = read_calibration(given_or_packaged(calibration))
            made = find(game, Blue(read, base or str(read["base"]), folder, address, prior), progress)
        else:
            from caseback.loop.blind_repair import RepairBudget, play_repair

            made = play_repair(
                game, folder, constitution=constitution, budget=RepairBudget(situations, max_new_tokens=max_new_tokens),
                seed=seed, progress=progress,
            )  # fmt: skip
    _submitted(made)


@app.command()
def submit(
    game: Game,
    file: Annotated[Path, typer.Argument(help="JSON: guesses by subject, or the folder of each repaired model.")],
    by: Annotated[str, typer.Option(help="Who submits.")] = "",
) -> None:
    """Blue: submit guesses, or repaired models, of your own. The last submission before the reveal counts.

    To find: {"s01": [{"behaviour": "sycophancy", "probability": 0.7}, {"behaviour": "clean", "probability": 0.2}], …}.
    To repair: {"s01": "path/to/model", …}.
    """
    from caseback.audit.games.game_file import read_game
    from caseback.audit.games.guesses import read_guesses
    from caseback.audit.games.moves import submit as put
    from caseback.audit.games.repaired import read_repaired
    from caseback.behaviours.registry import behaviours

    given = read_game(game)
    body: dict[str, Any] = {"game": given["game"], "by": by}
    if given["game"] == "find":
        body["guesses"] = read_guesses(file, given["subjects"], behaviours())
    else:
        body["repaired"] = read_repaired(file, given["subjects"], game)
    _submitted(put(game, body))


@app.command()
def score(
    game: Game,
    key: Annotated[Path, typer.Option(help="The key that `game new` wrote.")],
    commitment: Annotated[
        str, typer.Option(help="As red made it known at the beginning; without it, the one in the game.")
    ] = "",
    weights: Weights = None,
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="To repair: situations of each sort.")] = 80,
    as_json: Json = False,
) -> None:
    """Red: check the seals, reveal what every subject was, and score. With this the game is over.

    Writes score.json and score.html into GAME. Scoring again gives the same.
    """
    from caseback.audit.games.game_file import SUBJECTS, read_game, read_key, write_json
    from caseback.audit.games.moves import moves_of
    from caseback.audit.games.repair_score import Measuring, measured_repair, repair_score, seeds_of
    from caseback.audit.games.repaired import check_unchanged
    from caseback.audit.games.score import revealed, scored_find, scored_repair, served
    from caseback.disclosure.game_page import render_game
    from caseback.dossier.measure import write_text

    given, secret = read_game(game), read_key(key)
    if given["game"] == "repair" and (so_far := moves_of(game)[0]):
        check_unchanged(so_far[-1].body["repaired"], game)
    labels, submissions = revealed(game, given, secret, commitment or None)
    if given["game"] == "find":
        data = scored_find(given, labels, submissions, served(game, weights))
    else:
        repaired = submissions[-1].body["repaired"]
        places = {name: (game / SUBJECTS / name, game / said["model"]) for name, said in repaired.items()}
        with bar("measuring") as tick:
            rows = measured_repair(
                labels, places, seeds_of(secret), Measuring(given["ground"], n, game / "measured"),
                lambda name, done, total: tick(done, total),
            )  # fmt: skip
        data = scored_repair(given, submissions, rows, repair_score(rows), n)
    write_json(game / "score.json", data)
    write_text(game / "score.html", render_game(data))
    if as_json:
        typer.echo(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False))
        return
    console = Console(highlight=False)
    if given["game"] == "find":
        _show_found(console, data)
    else:
        _show_repaired(console, data)
    typer.echo(f"page   {game / 'score.html'}")


def _grow(plan: Path, library: Path, base: str) -> None:
    from caseback.cli.plant_library import library_

    library_(out=library, plan=plan, base=base)


def _submitted(made: "Record") -> None:
    typer.echo(f"submission  {made.id[:12]} at {made.time}; the last one before the reveal counts")


def _show_found(console: Console, data: dict[str, Any]) -> None:
    from caseback.cli.organism_table import told

    table = Table("subject", "truth", "by", "first guess", "place of the truth", box=None, header_style="bold")
    for row in data["subjects"]:
        first = row["guesses"][0] if row["guesses"] else None
        said = f"{first['behaviour']} {first['probability']:.2f}" if first else "no guess"
        place = str(row["place"] or "none") + (" false alarm" if row["false_alarm"] else "")
        table.add_row(row["subject"], row["label"]["behaviour"] or "clean", row["label"]["sort"], said, place)
    console.print(table)
    found = data["score"]
    for title, name in (
        ("right behaviour first", "first"), ("in the first three", "top"), ("false alarms", "false_alarms"),
    ):  # fmt: skip
        console.print(f"{title:23}{told(found[name])}", soft_wrap=True)
    console.print(f"{'Brier, log score':23}{found['brier']:.3f}, {found['log']:.3f}")
    if data["known"]:
        console.print(
            f"[bold yellow]not all blind[/]: {data['known']} subjects were in blue's calibration", soft_wrap=True
        )


def _show_repaired(console: Console, data: dict[str, Any]) -> None:
    from caseback.cli.organism_table import change, told

    table = Table("", "", "before", "after", "change", box=None, header_style="bold")
    for title, name in (("organisms", "on_organisms"), ("decoys", "on_decoys")):
        for what, each in data["score"][name].items():
            table.add_row(title, what, told(each["before"]), told(each["after"]), change(each["change"]))
    console.print(table)
    if data["score"]["not_submitted"]:
        console.print(f"not submitted: {data['score']['not_submitted']}")
