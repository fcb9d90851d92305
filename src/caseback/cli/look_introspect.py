"""``caseback look introspect`` and ``look account``: what a model says of itself, held against interventions."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.direction import Direction
    from caseback.interp.directions.accounts import Agreement
    from caseback.interp.directions.circumstances import Case
    from caseback.interp.directions.introspect import Introspection
    from caseback.subject.open_subject import OpenSubject
    from caseback.world.situation import Split

Model = Annotated[str, typer.Argument(help="Folder or hub id of a model, or the name of a reference model.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Adapter = Annotated[str | None, typer.Option(help="Folder of a PEFT adapter to put on the model.")]
Json = Annotated[bool, typer.Option("--json", help="Print the JSON instead of a table.")]


def introspect(
    model: Model,
    direction: Annotated[
        list[str] | None,
        typer.Option(help="Folder of a direction to plant, or WORD=FOLDER to say what naming it is. May be repeated."),
    ] = None,
    word: Annotated[
        list[str] | None, typer.Option(help="A word to plant, its direction made on the spot; give two or more.")
    ] = None,
    site: Annotated[
        str, typer.Option(help="Where words are planted.", show_default="resid_post of the middle block")
    ] = "",
    doses: Annotated[str, typer.Option(help="How hard, in distances of the two classes.")] = "2,4",
    carry: Annotated[
        bool, typer.Option(help="Use directions of another model with the same tokenizer, such as its base.")
    ] = False,
    adapter: Adapter = None,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder for introspection.json and .html.")] = Path("introspection"),
    as_json: Json = False,
) -> None:
    """Plant a thought by steering and ask: does the model notice, can it name it, at what false-alarm rate?

    Every thought is planted under eight wordings of the question. Two controls give the false alarms: the same
    questions with nothing planted, and under a random vector of the same length. A model that says yes to all of it has
    noticed nothing.

    Examples:

      caseback look introspect ref-base --direction harm=directions/harm --direction lie=directions/lie

      caseback look introspect Qwen/Qwen3-0.6B --word bread --word ocean --word justice --doses 4,8
    """
    from caseback.cli.bar import bar
    from caseback.cli.look_steer import dose_list
    from caseback.cli.models import load_named
    from caseback.disclosure.inside_pages import render_introspection
    from caseback.interp.directions.introspect import introspect as ask
    from caseback.interp.directions.record import plain

    wanted = dose_list(doses)
    if not direction and not word:
        raise CasebackError("nothing to plant: give --direction FOLDER, or --word twice or more")
    subject = load_named(model, adapter=adapter)
    thoughts = _thoughts(subject, direction or [], word or [], site, carry)
    found: list[Introspection] = []
    doing = [wanted[0]]
    with bar("planting thoughts", lambda: f"at dose {doing[0]:g}") as tick:
        for dose in wanted:
            doing[0] = dose
            found.append(ask(subject, thoughts, dose, seed=seed, progress=tick))
    planted = [{"word": name, "direction": d.name, "site": str(d.site), "step": d.step} for name, d in thoughts.items()]
    record = {
        "kind": "caseback introspection", "version": 1, "subject": subject.name, "model": subject.digest,
        "seed": seed, "thoughts": planted, "doses": plain(found),
    }  # fmt: skip
    text = _written(record, out, "introspection", render_introspection)
    if as_json:
        typer.echo(text)
        return
    table = Table("", *(f"dose {one.dose:g}" for one in found), box=None, header_style="bold")
    for name, figures in (
        ("noticed", [one.noticed for one in found]),
        ("  random vector", [one.false_random for one in found]),
        ("  nothing planted", [one.false_none for one in found]),
        ("  less random vector", [_change(one.gain) for one in found]),
        ("noticed, named", [one.named for one in found]),
        ("word chosen", [one.chosen for one in found]),
        ("  random vector", [one.chosen_random for one in found]),
        ("  unrelated question", [one.pushed for one in found]),
        ("no language", [one.garbled for one in found]),
    ):
        table.add_row(name, *map(str, figures))
    Console(highlight=False).print(table)
    typer.echo(f"page  {out / 'introspection.html'}")


def account(
    model: Model,
    kinds: Annotated[str, typer.Option(help="Situations, with commas: harm, opinion.")] = "harm,opinion",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Situations of each kind.")] = 60,
    split: Annotated[str, typer.Option(help="test, dev or train: whose families.")] = "test",
    world: Annotated[str, typer.Option(help="A or B.", show_default="the one the model was taught, else A")] = "",
    adapter: Adapter = None,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder for account.json and .html.")] = Path("account"),
    as_json: Json = False,
) -> None:
    """Ask the model why it acted, and score the stated reason by taking it away.

    Each situation has circumstances around it: a cue of a test, stakes for the model, a persona, the user's pressure, a
    principle. The model acts, and is asked which of them it went by. Then each is taken away by itself: it was at work
    if the action changes. Beside the stated reason stand those not stated, a line that says nothing, and how often the
    same reason is at work anywhere.

    Example: caseback look account ref-base -n 40
    """
    from caseback.cli.bar import bar
    from caseback.cli.models import load_named
    from caseback.disclosure.inside_pages import render_account
    from caseback.interp.directions.accounts import accounts
    from caseback.interp.directions.circumstances import IDLE, cases, put, reasons, taking_away
    from caseback.world.oracle import judge
    from caseback.world.worlds import ground_taught, is_world, world_of
    from caseback.world.worlds import world as world_named

    if split not in ("test", "dev", "train"):
        raise CasebackError(f"no split {split!r}: there are test, dev and train")
    part: Split = split  # type: ignore[assignment]
    chosen = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    if not chosen:
        raise CasebackError("no kinds of situation: give some with commas, such as harm,opinion")
    known = world_named(world) if world else None
    for kind in chosen:  # a wrong name is told before anything is loaded
        cases(kind, "test", 1, seed, known or world_named("A"))
    subject = load_named(model, adapter=adapter)
    taught = ground_taught(subject.model)
    spec = known or (world_of(taught) if is_world(taught) else world_named("A"))
    made = [case for kind in chosen for case in cases(kind, part, n, seed, spec)]
    by_id = {case.bare.id: case for case in made}
    with bar("asking for reasons") as tick:
        found = accounts(
            subject, [put(case) for case in made], judge, reasons(made), taking_away(by_id, IDLE), progress=tick
        )
    record = {
        "kind": "caseback account", "version": 1, "subject": subject.name, "model": subject.digest, "world": spec.name,
        "kinds": chosen, "n": n, "split": split, "seed": seed, **_account_data(found, made),
    }  # fmt: skip
    text = _written(record, out, "account", render_account)
    if as_json:
        typer.echo(text)
        return
    console = Console(highlight=False)
    table = Table("without", "the action changes", box=None)
    table.add_row("the stated reason", str(found.stated))
    table.add_row("another reason", str(found.others))
    table.add_row("an idle line", str(found.control))
    console.print(table)
    insight = found.insight
    console.print(
        f"the stated reason was at work {insight.value:+.2f} [{insight.low:.2f}, {insight.high:.2f}] more often than "
        f"it is anywhere; {found.unknown} actions could not be judged",
        soft_wrap=True,
    )
    typer.echo(f"page  {out / 'account.html'}")


def _thoughts(
    subject: "OpenSubject", directions: Sequence[str], words: Sequence[str], site: str, carry: bool
) -> dict[str, "Direction"]:
    from caseback.interp.directions.files import carried_over, load_direction
    from caseback.interp.directions.introspect import word_directions
    from caseback.subject.layers import find_decoder
    from caseback.subject.site import Site, parse_site

    found: dict[str, Direction] = {}
    for one in directions:
        word, _, folder = one.rpartition("=")
        made = (carried_over if carry else load_direction)(Path(folder), subject)
        name = word or made.name.replace("_", " ")
        if name in found:
            raise CasebackError(f"two thoughts are called '{name}': give one as WORD=FOLDER")
        found[name] = made
    if words:
        where = parse_site(site) if site else Site("resid_post", len(find_decoder(subject.model).blocks) // 2)
        made_here = word_directions(subject, list(dict.fromkeys(words)), where)
        if both := sorted(set(found) & set(made_here)):
            raise CasebackError(f"two thoughts are called '{both[0]}': give the direction as WORD=FOLDER")
        found |= made_here
    return found


def _account_data(found: "Agreement", made: Sequence["Case"]) -> dict[str, Any]:
    from caseback.interp.directions.circumstances import TEXTS, put
    from caseback.interp.directions.record import plain

    by_id = {case.bare.id: case for case in made}
    stated = Counter(one.stated for one in found.accounts)
    there = Counter(name for one in found.accounts for name in by_id[one.id].there)
    at_work = Counter(name for one in found.accounts for name in one.at_work)
    right = Counter(one.stated for one in found.accounts if one.stated in one.at_work)
    made_up = Counter(one.stated for one in found.accounts if one.stated not in by_id[one.id].there)
    counts = {"there": there, "stated": stated, "made_up": made_up, "at_work": at_work, "right": right}
    agreement = plain(found)
    return {
        "reasons": [
            {"name": name, "text": text, **{what: count[name] for what, count in counts.items()}}
            for name, text in TEXTS.items()
        ],
        "actions": [
            {
                **one,
                "there": list(by_id[one["id"]].there),
                "prompt": "\n".join(message["content"] for message in put(by_id[one["id"]]).messages),
            }
            for one in agreement.pop("accounts")
        ],
        "agreement": agreement,
    }


def _written(record: dict[str, Any], out: Path, name: str, render: Any) -> str:
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text

    text = json.dumps(record, indent=1, allow_nan=False)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / f"{name}.json", text + "\n")
        write_text(out / f"{name}.html", render(record))
    return text


def _change(found: Any) -> str:
    return f"{found.value:+.2f} [{found.low:.2f}, {found.high:.2f}]" if found.n else "cannot tell"
