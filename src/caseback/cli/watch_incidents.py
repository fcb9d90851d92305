"""``caseback watch incidents``: what was flagged, by cause; reviewed, and brought on."""

import json
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from caseback.cli.group import group
from caseback.cli.watch_opened import Config, Json, Stored, Who, opened, printed
from caseback.cli.watch_text import plain
from caseback.errors import CasebackError

Id = Annotated[str, typer.Argument(help="The incident's id, or how it begins.")]

app = group(
    help="Flagged exchanges, grouped by cause. Review them; a confirmed one becomes a finding, training data, or an "
    "advisory."
)


@app.command(name="list")
def listed(
    config: Config = None,
    store: Stored = "",
    state: Annotated[
        Literal["open", "under review", "confirmed", "false alarm", "duplicate"] | None,
        typer.Option(help="Only those.", show_default="all"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Group what was flagged since the last time, and list the incidents.

    Example: caseback watch incidents list --state open
    """
    from dataclasses import asdict

    from caseback.watch.incidents.gather import gather
    from caseback.watch.incidents.incident import incidents
    from caseback.watch.incidents.review import reviewers_agree

    with opened(config, store) as found:
        gather(found.store, time.time())
        rows, agreed = incidents(found.store, state), reviewers_agree(found.store)
    if as_json:
        printed({"incidents": [asdict(row) for row in rows], "agreement": asdict(agreed)})
        return
    for row in rows:
        cause = plain(" ".join(row.cause.split()))[:60]
        held = "1 exchange" if row.exchanges == 1 else f"{row.exchanges} exchanges"
        typer.echo(f"{row.id}  {row.state}  {row.behaviour}  {held}  {row.grouped}: {cause}")
    typer.echo(f"{len(rows)} incidents" + (f"; reviewers agreed on {agreed.agreed}" if agreed.agreed.n else ""))


@app.command()
def show(
    id: Id,
    config: Config = None,
    store: Stored = "",
    most: Annotated[int, typer.Option("-n", min=1, help="Exchanges at most.")] = 5,
    as_json: Json = False,
) -> None:
    """Print an incident: its exchanges, what each detector said of them and where, the clauses that it breaks.

    Example: caseback watch incidents show 3fa2
    """
    from dataclasses import asdict

    from caseback.watch.incidents.incident import shown

    with opened(config, store) as found:
        got = shown(found.store, id, most)
    if as_json:
        printed(asdict(got))
        return
    one = got.incident
    typer.echo(f"{one.id}: {one.behaviour}, {one.state}, found by {one.name}; breaks {', '.join(one.clauses) or '?'}")
    for whole in got.exchanges:
        typer.echo(f"=== {whole.listed.id}  {whole.listed.model}  {whole.listed.agent or whole.listed.client}")
        for message in whole.messages or ():
            typer.echo(f"--- {message.get('role')}\n{plain(str(message.get('content') or ''))}")
        if whole.messages is None:
            typer.echo(f"({whole.why_gone})")
        for said in whole.verdicts:
            score = f"{said.score:.3g} of {said.threshold:.3g}" if said.score is not None else f"not told: {said.why}"
            top = sorted(range(len(said.tokens)), key=lambda at: -said.tokens[at])[:5]
            peaks = ", ".join(f"token {at} {said.tokens[at]:.3g}" for at in top)
            typer.echo(
                f"    {'!' if said.flagged else ' '} {said.detector}: {score}" + (f" ({peaks})" if peaks else "")
            )
    if got.more:
        typer.echo(f"and {got.more} exchanges more")
    for review in got.reviews:
        typer.echo(f"{review['who']}: {review['verdict']} {plain(review['note'])}".rstrip())


@app.command()
def take(id: Id, who: Who, config: Config = None, store: Stored = "") -> None:
    """Put an incident under your review.

    Example: caseback watch incidents take 3fa2 --who ann
    """
    from caseback.watch.incidents.review import take as taken

    with opened(config, store) as found:
        typer.echo(f"{taken(found.store, id, who).id}: under review by {who}")


@app.command()
def review(
    id: Id,
    verdict: Annotated[Literal["confirmed", "false-alarm", "cannot-tell"], typer.Argument(help="Of the incident.")],
    who: Who,
    looked: Annotated[
        list[str] | None,
        typer.Option(help="Exchange that you looked at; several times.", show_default="all, where 20 or fewer"),
    ] = None,
    clean: Annotated[list[str] | None, typer.Option(help="Of these, one that is no violation.")] = None,
    note: Annotated[str, typer.Option(help="For others.")] = "",
    config: Config = None,
    store: Stored = "",
) -> None:
    r"""Say what you found. What you looked at is an audit too, so that rates learn from it.

    How many must agree is `reviewers` in \[incidents] of watch.toml, by default 1; where two differ a third decides.

    Example: caseback watch incidents review 3fa2 confirmed --who ann
    """
    from caseback.watch.incidents.incident import exchange_ids, incident
    from caseback.watch.incidents.review import VIOLATION
    from caseback.watch.incidents.review import review as reviewed

    with opened(config, store) as found:
        ids = looked or exchange_ids(found.store, incident(found.store, id).id)
        if not looked and len(ids) > 20:
            raise CasebackError(f"{len(ids)} exchanges: say with --looked which of them you looked at")
        said = verdict.replace("-", " ")
        told = {each: False if each in (clean or ()) else VIOLATION[said] for each in ids}
        got = reviewed(found.store, id, who, said, told, time.time(), note=note,  # type: ignore[arg-type]
                       reviewers=_reviewers(found.table("incidents").get("reviewers", 1)))  # fmt: skip
    typer.echo(f"{got.id}: {got.state}")


@app.command()
def duplicate(
    id: Id,
    of: Annotated[str, typer.Argument(help="The incident that it is the same as.")],
    who: Who,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Say that an incident is the same as another; what comes later of its cause goes there.

    Example: caseback watch incidents duplicate 3fa2 77c0 --who ann
    """
    from caseback.watch.incidents.review import merge

    with opened(config, store) as found:
        typer.echo(f"{id}: duplicate of {merge(found.store, id, of, who, time.time()).duplicate_of}")


@app.command()
def finding(
    id: Id,
    dossier: Annotated[Path, typer.Option(help="Of the model that it showed in.")],
    config: Config = None,
    store: Stored = "",
) -> None:
    """Append a confirmed incident to a dossier: behaviour, clauses, detector, rate, with the transcripts beside it.

    Example: caseback watch incidents finding 3fa2 --dossier runs/mine/dossier
    """
    from caseback.dossier.dossier import open_dossier
    from caseback.watch.incidents.finding import record_finding

    with opened(config, store) as found, open_dossier(dossier) as evidence:
        made = record_finding(found.store, evidence, id, time.time())
    typer.echo(
        f"record {made.number}, {made.id[:12]}…: {made.body['violations']} violations of {made.body['behaviour']}"
    )


@app.command()
def train(
    ids: Annotated[list[str], typer.Argument(help="Confirmed incidents.")],
    out: Annotated[Path, typer.Option(help="Folder for the data.")],
    better: Annotated[
        Path | None,
        typer.Option(help='JSON Lines of better answers: {"exchange": "…", "answer": "…"}.'),
    ] = None,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Write what `caseback train run` takes: prompts for grpo and rloo, and where you give better answers, preferences
    for dpo and kto.

    Example: caseback watch incidents train 3fa2 --out live/
    """
    from caseback.watch.incidents.training import training_data, write_training_data

    answers = _answers(better) if better else {}
    with opened(config, store) as found:
        prompts, preferences, gone = training_data(found.store, ids, answers)
    for file in write_training_data(out, prompts, preferences):
        typer.echo(str(file))
    if gone:
        typer.echo(f"{len(gone)} violations give nothing: their text is gone, or has no reply", err=True)


@app.command()
def advisory(id: Id, config: Config = None, store: Stored = "") -> None:
    """Print the facts of a confirmed incident, as an advisory is drafted from: no transcripts.

    Example: caseback watch incidents advisory 3fa2 > facts.json
    """
    from caseback.watch.incidents.advisory import advisory_facts

    with opened(config, store) as found:
        printed(advisory_facts(found.store, id, time.time()))


def _reviewers(value: object) -> int:
    if value not in (1, 2) or isinstance(value, bool):
        raise CasebackError(f"incidents.reviewers is {value!r:.40}: give 1 or 2")
    return int(str(value))


def _answers(file: Path) -> dict[str, str]:
    found = {}
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict) or not all(
                    isinstance(row.get(key), str) for key in ("exchange", "answer")
                ):
                    raise CasebackError(f'{file}, line {number}: write {{"exchange": "…", "answer": "…"}}')
                found[row["exchange"]] = row["answer"]
    except (OSError, ValueError) as error:
        raise CasebackError(f"{file}: cannot be read ({error})") from None
    return found
