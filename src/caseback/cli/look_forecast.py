"""``caseback look forecast``: what a model will do in situations that were never run, sealed first, then run."""

import json as json_module
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.group import group
from caseback.cli.models import located
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.forecast.score import ForecastScores
    from caseback.subject.open_subject import OpenSubject

app = group(
    help="Foretell from the inside what a model will do in situations that were never run; seal it, run, score.",
)

Out = Annotated[Path, typer.Option(help="Folder for the seal, the predictions, and the scores.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
DEFAULT_OUT = Path("runs/forecast")


@app.callback()
def forecast() -> None:
    """Foretell from the inside what a model will do in situations that were never run; seal it, run, score."""


@app.command()
def seal(
    model: Annotated[str | None, typer.Argument(help="Name, folder or hub id. Default: the embedded ref-base.")] = None,
    adapter: Annotated[str | None, typer.Option(help="An adapter folder to put on it.")] = None,
    kinds: Annotated[
        str, typer.Option(help="Kinds of situation, with commas. Default: all that are judged one by one.")
    ] = "",
    n: Annotated[int, typer.Option("-n", "--n", min=4, help="Situations of each kind, to run and to foretell.")] = 28,
    run_under: Annotated[
        list[str] | None, typer.Option(help="A circumstance to run them under. May be repeated. Default: none added.")
    ] = None,
    trigger: Annotated[
        list[str] | None,
        typer.Option(help="A circumstance, never run, to foretell them under. May be repeated. Default: none added."),
    ] = None,
    same_families: Annotated[
        bool, typer.Option("--same-families", help="Foretell families that are run, under other circumstances.")
    ] = False,
    ground: Annotated[
        str | None, typer.Option(help="world (for the reference models) or plain English. Default: by the model.")
    ] = None,
    draws: Annotated[
        int, typer.Option(min=1, help="Replies to each situation; more than one needs --temperature.")
    ] = 1,
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy.")] = 0.0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a reply at most.")] = 48,
    seed: Annotated[int, typer.Option(help="Of situations, draws and folds.")] = 0,
    out: Out = DEFAULT_OUT,
    at_once: Annotated[bool, typer.Option("--at-once", help="Then run and score what was foretold.")] = False,
    json: Json = False,
) -> None:
    """Run some families, look inside, and seal what the model will do in others.

    Writes seal.json, a commitment to publish, and predictions.json, which it commits to. Nothing of what is foretold is
    run before `caseback look forecast score`.

    [bold]Example[/]

      caseback look forecast seal ref-base --kinds watched,opinion,cheat --out runs/forecast
    """
    from caseback.behaviours.planned import AS_IS, default_kinds, planned
    from caseback.cli.bar import bar
    from caseback.dossier.disk import writing
    from caseback.interp.forecast.foretell import foretell
    from caseback.interp.forecast.seal import SEAL
    from caseback.interp.forecast.seal import seal as put_under_seal
    from caseback.subject.subject import Sampling
    from caseback.world.worlds import ground_taught

    if draws > 1 and not temperature:
        raise CasebackError(f"{draws} greedy replies are all the same: give --temperature, or --draws 1")
    if (out / SEAL).exists():
        raise CasebackError(f"{out} holds a sealed forecast already: score it, or name another folder (--out)")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    subject = _load(model, adapter)
    ground = ground or ground_taught(subject.model)
    chosen = [kind.strip() for kind in kinds.split(",") if kind.strip()] or list(default_kinds(ground))
    part = {"kinds": chosen, "n": n, "seed": seed}
    plan = {
        "ground": ground,
        "adapter": adapter,
        "run": {**part, "split": "train", "under": run_under or [AS_IS]},
        "unseen": {**part, "split": "train" if same_families else "test", "under": trigger or [AS_IS]},
    }
    run, unseen = planned(ground, plan["run"]), planned(ground, plan["unseen"])  # type: ignore[arg-type]
    doing = [""]
    with bar("foretelling", lambda: doing[0]) as tick:

        def show(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        sampling = Sampling(max_new_tokens, temperature=temperature)
        body = foretell(subject, run, unseen, _judge(ground), sampling, plan, draws=draws, seed=seed, progress=show)
    commitment = put_under_seal(body, out)
    console = Console(stderr=json or at_once, highlight=False)
    ran = body["run"]
    console.print(
        f"ran {ran['situations']} situations of {len(ran['families'])} families: shown in {ran['base_rate']:.2f}"
    )
    console.print(f"foretold {len(unseen)} that were never run; sealed as")
    console.print(commitment, soft_wrap=True)
    if at_once:
        _score(out, None, json)
    elif json:
        typer.echo(json_module.dumps({"seal": commitment, "folder": str(out), "foretold": len(unseen), "run": ran}))
    else:
        console.print(f"publish that; then: caseback look forecast score {out}", soft_wrap=True)


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(help="The folder of a sealed forecast.")] = DEFAULT_OUT,
    published: Annotated[
        str | None, typer.Option("--seal", help="The seal as it was published. Default: the one in the folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Open a sealed forecast, run what it foretold, and score it against forecasters that did not look inside.

    [bold]Example[/]

      caseback look forecast score runs/forecast
    """
    _score(folder, published, json)


def _score(folder: Path, published: str | None, json: bool) -> None:
    from caseback.behaviours.planned import planned
    from caseback.cli.bar import bar
    from caseback.dossier.measure import write_text
    from caseback.interp.forecast.foretell import check_same_situations, run_draws
    from caseback.interp.forecast.record import scored_data
    from caseback.interp.forecast.score import score_forecasts
    from caseback.interp.forecast.seal import SEAL, unseal
    from caseback.subject.subject import Sampling

    body = unseal(folder, published)
    plan, told = body["plan"], body["sampling"]
    unseen = planned(plan["ground"], plan["unseen"])
    check_same_situations(body, unseen)
    subject = _load(body["model"], plan.get("adapter"))
    if subject.digest != body["digest"]:
        raise CasebackError(f"{body['model']} is not the model that the forecast is about, its files have changed: "
                            "restore them, or seal a new forecast")  # fmt: skip
    sampling = Sampling(told["max_new_tokens"], temperature=told["temperature"], top_p=told["top_p"])
    with ExitStack() as stack:
        tick = stack.enter_context(bar("running what was foretold"))
        draws = run_draws(subject, unseen, _judge(plan["ground"]), sampling, told["draws"], told["seed"], tick)
    scores = score_forecasts(body["predictions"], draws, [s.family for s in unseen])
    commitment = published or json_module.loads((folder / SEAL).read_text(encoding="utf-8"))["sha256"]
    data = scored_data(body, commitment, draws, scores)
    text = json_module.dumps(data, indent=1, allow_nan=False)
    write_text(folder / "forecast.json", text + "\n")
    if json:
        typer.echo(text)
        return
    _show(Console(highlight=False), scores)


def _load(model: str | None, adapter: str | None) -> "OpenSubject":
    from caseback.subject.load import load

    return load(located(model or "ref-base"), adapter=adapter)


def _judge(ground: str) -> Any:
    from caseback.behaviours.clause_cases import judge_plain
    from caseback.world.oracle import judge
    from caseback.world.worlds import is_world

    return judge if is_world(ground) else judge_plain


def _show(console: Console, scores: "ForecastScores") -> None:
    console.print(f"{scores.n} situations of {scores.families} families that were never run before; "
                  f"shown in {scores.shown.value:.2f} [{scores.shown.low:.2f}, {scores.shown.high:.2f}]; "
                  f"{scores.unknown} could not be judged", soft_wrap=True)  # fmt: skip
    table = Table("", "Brier score", "skill", "AUROC", "inside less this", box=None, header_style="bold")
    for each in scores.forecasters:
        difference = scores.differences.get(each.name)
        table.add_row(
            each.name,
            _mean(each.brier),
            f"{each.skill:+.2f}",
            f"{each.auroc.value:.2f} [{each.auroc.low:.2f}, {each.auroc.high:.2f}]",
            _mean(difference) if difference else "",
        )
    console.print(table)
    inside = next(each for each in scores.forecasters if each.name == "inside")
    bins = ", ".join(f"{each.forecast:.2f} → {each.shown.value:.2f} [{each.shown.low:.2f}, {each.shown.high:.2f}] "
                     f"n {each.shown.n}" for each in inside.calibration)  # fmt: skip
    console.print(f"calibration of inside, foretold → shown: {bins}", soft_wrap=True)
    console.print(f"by kind, inside less black box: {_by_kind(scores)}", soft_wrap=True)


def _mean(mean: Any) -> str:
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def _by_kind(scores: "ForecastScores") -> str:
    parts: Sequence[str] = [
        f"{kind} {each['inside'].value - each['black box'].value:+.3f}" for kind, each in scores.by_kind.items()
    ]
    return ", ".join(parts)
