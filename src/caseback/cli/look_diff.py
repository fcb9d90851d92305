"""``caseback look diff``: what training changed inside a model, and whether a clause has taken hold."""

import json as json_module
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.models import located
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.constitution.clause import Clause
    from caseback.interp.difference.clause_cases import ClauseCases
    from caseback.interp.difference.compare import Comparison
    from caseback.interp.difference.crosscoder import CrosscoderLatents
    from caseback.interp.difference.passage import Passage
    from caseback.interp.difference.taken_hold import TakenHold
    from caseback.subject.open_subject import OpenSubject

UNRELATED = ("fact", "hops", "arith")
"""Kinds of the world's situations that no clause of character is about."""


def diff(
    before: Annotated[str, typer.Argument(help="The model that training began with: name, folder or hub id.")],
    after: Annotated[
        list[str], typer.Argument(help="The trained model, or an adapter folder; further ones are other seeds of it.")
    ],
    control: Annotated[
        str | None, typer.Option(help="A model trained alike on innocent data: it stands beside every figure.")
    ] = None,
    clause: Annotated[
        list[str] | None, typer.Option(help="A clause to make a page for: has it taken hold? May be repeated.")
    ] = None,
    constitution: Annotated[Path | None, typer.Option(help="The document. Default: ours.")] = None,
    ground: Annotated[
        str | None, typer.Option(help="world (for the reference models) or plain English. Default: by the model.")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="Unrelated text: one passage a line, or JSON lines. Default: questions of ability."),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--n", min=4, help="Passages, and situations of each sort and clause.")] = 40,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a reply at most, for clauses.")] = 48,
    crosscoder: Annotated[
        Path | None,
        typer.Option(help="A crosscoder of BEFORE and AFTER, from `caseback look fit --beside`: latents of one alone."),
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="float32, bfloat16 or float16. Default: float32 on a CPU, else as stored.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for difference.json, its vectors, and the pages.")] = Path(
        "runs/difference"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print difference.json on standard output.")] = False,
) -> None:
    """What did training change inside, where, and has the character taken hold?

    Activations on unrelated text, tokens that their mean difference reads out, KL of the next token by family of
    prompts, the spectrum of the weight change, heads and neurons that moved, and agreement over seeds. With --clause,
    a page of its own for each: before and after, layer by layer, plain, spelled out and in rot13.

    [bold]Example[/]

      caseback look diff ref-base runs/a/models/sft --control runs/a/models/control --clause do-no-harm
    """
    from safetensors.torch import save_file

    from caseback.disclosure.difference_page import render_clause, render_difference
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.difference.agreement import agreements
    from caseback.interp.difference.record import clause_data, difference_data, difference_tensors
    from caseback.world.worlds import ground_taught

    names = _names(after, control)
    clauses = [_clause(constitution, id) for id in clause or []]
    opened = {arm: partial(open_for_comparison, path, before, dtype) for arm, path in names.items()}
    base = open_for_comparison(before, before, dtype)
    ground = ground or ground_taught(base.model)
    cases = [_cases(each, ground, n, seed) for each in clauses]
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    passages, prompts = _passages(base, ground, texts, n, seed)
    console = Console(stderr=True, highlight=False)
    arms = [_compare(name, base, opened[name], passages, prompts, seed) for name in names]
    found = [_hold(each, base, opened, ground, max_new_tokens, seed) for each in cases]
    agree = agreements({arm.name: arm.sites for arm in arms}, {arm.name: arm.parts for arm in arms})
    latents = _crosscoder(crosscoder, base, opened["after"], passages) if crosscoder else None
    data = difference_data(arms, agree, found, seed, latents)
    text = json_module.dumps(data, indent=1, allow_nan=False)
    with writing(out):
        save_file(difference_tensors(arms), out / "difference.safetensors")
    write_text(out / "difference.json", text + "\n")
    write_text(out / "difference.html", render_difference(data))
    for each in found:
        write_text(out / f"clause-{each.clause}.html", render_clause(clause_data(each)))
    if json:
        typer.echo(text)
        return
    _show(Console(highlight=False), arms, found)
    console.print(f"pages in {out}: difference.html" + "".join(f", clause-{each.clause}.html" for each in found))


def _crosscoder(
    folder: Path, base: "OpenSubject", opened: Callable[[], "OpenSubject"], passages: "list[Passage]"
) -> "CrosscoderLatents":
    from caseback.interp.dictionary.files import load
    from caseback.interp.difference.crosscoder import crosscoder_latents

    return crosscoder_latents(load(folder), base, opened(), passages)


def open_for_comparison(path: str, base: str, dtype: str | None) -> "OpenSubject":
    """A model by folder or hub id; an adapter folder is put on the base and merged, so that weights can be compared.

    On a CPU models are compared in float32 unless another precision is asked for: rounding would hide small changes.
    """
    import torch

    from caseback.subject.adapters import attach, merge
    from caseback.subject.load import load

    dtype = dtype or (None if torch.cuda.is_available() else "float32")
    if not (Path(path) / "adapter_config.json").is_file():
        return load(located(path), dtype=dtype)
    subject = load(located(base), dtype=dtype)
    attach(subject, path)
    merge(subject)
    subject.name = path
    return subject


def _names(after: Sequence[str], control: str | None) -> dict[str, str]:
    """The arms in order: after, the control, other seeds."""
    names = {"after": after[0], **({"control": control} if control else {})}
    return {**names, **{f"after, seed {i}": path for i, path in enumerate(after[1:], start=2)}}


def _clause(constitution: Path | None, id: str) -> "Clause":
    from caseback.constitution.default import default
    from caseback.constitution.read import read

    document = read(constitution) if constitution else default()
    try:
        return document.clause(id)
    except KeyError:
        known = ", ".join(clause.id for clause in document.clauses)
        raise CasebackError(f"the constitution has no clause {id!r}; it has {known}") from None


def _cases(clause: "Clause", ground: str, n: int, seed: int) -> "ClauseCases":
    if ground == "plain":
        from caseback.behaviours.clause_cases import plain_clause_cases

        return plain_clause_cases(clause, n, seed)
    from caseback.interp.difference.clause_cases import clause_cases
    from caseback.world.worlds import world_of

    return clause_cases(clause, n, seed, world_of(ground))


def _passages(
    base: "OpenSubject", ground: str, texts: Path | None, n: int, seed: int
) -> tuple[list["Passage"], list["Passage"]]:
    """Unrelated text, and prompts by family: of every behaviour that stands alone, and questions of ability."""
    from caseback.behaviours.capability import capability_situations
    from caseback.behaviours.registry import trained_against
    from caseback.interp.difference.passage import prompts, read_texts

    questions = capability_situations(ground, n, seed)
    tempting = [
        s
        for b in trained_against().values()
        if b.arms is None
        for s in b.situations(ground, "test", max(4, n // 2), seed)
    ]
    unrelated = [s for s in questions if ground == "plain" or s.family.split(".")[0] in UNRELATED]
    passages = read_texts(base, texts, n) if texts else prompts(base, unrelated)
    return passages, prompts(base, [*tempting, *questions])


def _compare(
    name: str,
    base: "OpenSubject",
    opened: Callable[[], "OpenSubject"],
    passages: "list[Passage]",
    prompts: "list[Passage]",
    seed: int,
) -> "Comparison":
    from caseback.cli.bar import bar
    from caseback.interp.difference.compare import compare

    doing = [name]
    with bar("comparing", lambda: doing[0]) as tick:

        def show(what: str, done: int, total: int) -> None:
            doing[0] = f"{name}: {what}"
            tick(done, total)

        return compare(name, base, opened(), passages, prompts, seed=seed, progress=show)


def _hold(
    cases: "ClauseCases",
    base: "OpenSubject",
    opened: Mapping[str, Callable[[], "OpenSubject"]],
    ground: str,
    max_new_tokens: int,
    seed: int,
) -> "TakenHold":
    from caseback.behaviours.clause_cases import judge_plain
    from caseback.cli.bar import bar
    from caseback.interp.difference.taken_hold import taken_hold
    from caseback.world.oracle import judge

    models: dict[str, Callable[[], OpenSubject]] = {"before": lambda: base}
    models |= {arm: opened[arm] for arm in ("after", "control") if arm in opened}
    plain = ground == "plain"
    doing = [""]
    with bar(cases.clause, lambda: doing[0]) as tick:

        def show(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        return taken_hold(
            cases,
            models,
            judge_plain if plain else judge,
            "rules" if plain else "oracle",
            max_new_tokens=max_new_tokens,
            seed=seed,
            progress=show,
        )


def _show(console: Console, arms: "Sequence[Comparison]", clauses: "Sequence[TakenHold]") -> None:
    table = Table("", *(arm.name for arm in arms), box=None, header_style="bold")
    middle = len(arms[0].sites) // 2
    table.add_row("moved on unrelated text, middle block", *(_mean(arm.sites[middle].relative, 3) for arm in arms))
    table.add_row("of it a constant", *(f"{arm.sites[middle].constant:.2f}" for arm in arms))
    table.add_row("KL per token, all prompts", *(_mean(arm.divergence.overall.forward) for arm in arms))
    for at, kind in enumerate(arms[0].divergence.kinds):
        table.add_row(f"  {kind.family}, at the reply", *(_mean(arm.divergence.kinds[at].last) for arm in arms))
    table.add_row("matrix that changed most", *(_matrix(arm) for arm in arms))
    for at, part in enumerate(arms[0].parts):
        table.add_row(f"{part.kind} that moved most", *(_most(arm.parts[at].most) for arm in arms))
    console.print(table)
    for each in clauses:
        console.print(f"\n[bold]{each.clause}[/]: has it taken hold?")
        for sign in each.signs:
            said = {True: "yes", False: "no", None: "cannot tell"}[sign.holds]
            console.print(f"  {said:<12}{sign.name}: {sign.why}", markup=False, soft_wrap=True)


def _mean(mean: Any, digits: int = 2) -> str:
    return f"{mean.value:.{digits}f} [{mean.low:.{digits}f}, {mean.high:.{digits}f}]"


def _matrix(arm: "Comparison") -> str:
    changed = next((w for w in arm.weights if w.ranks), None)
    if changed is None or changed.ranks is None or changed.random is None:
        return "none"
    return f"{changed.name} {changed.relative:.1%}, effective rank {changed.ranks.effective:.0f} " \
           f"(random {changed.random.effective:.0f})"  # fmt: skip


def _most(most: Any) -> str:
    return ", ".join(f"{each.layer}.{each.unit} {each.change:.2f}" for each in most[:3]) or "none"
