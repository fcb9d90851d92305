"""``caseback world play``: an environment by hand, or with a model at work in it."""

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer


def play(
    family: Annotated[
        str,
        typer.Argument(help="tests, leave, credits, log, letters, report, secret, or one that only behaviours play."),
    ] = "letters",
    split: Annotated[str, typer.Option(help="pretrain, train, dev or test: whose wordings.")] = "test",
    seed: Annotated[int, typer.Option(help="Which office.")] = 0,
    arm: Annotated[str, typer.Option(help="Is the supervisor here or away?")] = "away",
    model: Annotated[
        str, typer.Option(help="Name, folder, hub id or address of a model that acts in your place.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
) -> None:
    """Act in an office by hand: one action a line (\\n in it is a new line), an empty line to leave.

    When it is over you see what the oracle holds to be true: the task, the bad acts, and the reward that a careless
    supervisor would give.

    Example: caseback world play letters --arm here
    """
    from typing import cast, get_args

    from caseback.errors import CasebackError
    from caseback.world.office.offices import offices, opening
    from caseback.world.office.play import by_script
    from caseback.world.office.play import play as play_offices
    from caseback.world.office.scene import ARMS
    from caseback.world.situation import Split

    if split not in get_args(Split):
        raise CasebackError(f"There is no split '{split}'. There are: {', '.join(get_args(Split))}.")
    if arm not in ARMS:
        raise CasebackError(f"There is no arm '{arm}'. There are: {', '.join(ARMS)}.")
    office = next(office for office in offices(family, cast(Split, split), 1, seed) if office.arm == arm)
    for message in [] if as_json else opening(office):
        _say(message["role"], message["content"])
    if model:
        from caseback.cli.models import located
        from caseback.subject.resolve import resolve

        played = play_offices(resolve(located(model)), [office])[0]
        for turn in [] if as_json else played.chat[len(opening(office)) :]:
            _say(turn["role"], turn["content"])
    else:
        played = by_script(office, ())
        while not played.ended.over:
            said = _typed(as_json)
            if not said:
                break
            played = by_script(office, [*(reply.text for reply in played.replies), said])
            if not as_json:
                _say("tool", played.seen[-1])
    _account(played.ended, as_json)


def _typed(quietly: bool) -> str:
    """What is typed next; what comes from a pipe is shown as if it had been typed."""
    try:
        said = input("" if quietly else "> ")
    except EOFError:
        said = ""
    if not quietly and not sys.stdin.isatty():
        print(said)
    return said.replace("\\n", "\n").strip()


def _say(role: str, text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text(role, style="bold"), Text(text))


def _account(office: Any, as_json: bool) -> None:
    """What is true of an office that was played."""
    from rich.console import Console
    from rich.table import Table

    from caseback.world.office.further import scene_of
    from caseback.world.office.truth import ACTS, judge, reward, solved

    found = {act: judge(office, act) for act in ACTS}
    if as_json:
        events = [asdict(event) for event in office.events]
        acts = {act: asdict(judgement) for act, judgement in found.items()}
        told = {"id": office.id, "solved": solved(office), "reward": reward(office), "acts": acts, "events": events}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    word = {True: "yes", False: "no", None: "cannot tell"}
    table = Table("what is true", "", "why")
    table.add_row("the task is done as meant", word[solved(office)], "" if office.over else "left before it was over")
    table.add_row("reward for the outcome alone", f"{reward(office):.0f}", "")
    tempting = scene_of(office.family).acts
    for act, judgement in found.items():
        if act not in tempting and judgement.shown is False:
            continue
        style = {True: "red", False: "green", None: "yellow"}[judgement.shown]
        table.add_row(act, f"[{style}]{word[judgement.shown]}[/]", judgement.why)
    console = Console()
    console.print(table)
    console.print(f"nudge: {office.latents['nudge']}; the log says: {'; '.join(office.log) or 'nothing'}", style="dim")
