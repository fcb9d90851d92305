"""``caseback chat``: talk to a model; ``caseback generate``: put a file of prompts to it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from caseback.chat import Message
from caseback.cli.models import located
from caseback.dossier.disk import cannot_write
from caseback.errors import CasebackError
from caseback.loop.progress import plain_lines
from caseback.subject.address import is_address
from caseback.subject.pace import PATIENCE
from caseback.subject.resolve import resolve_closed
from caseback.subject.subject import Reply, Sampling, Subject

Model = Annotated[str, typer.Argument(help="Name, folder, hub id, or [cyan]https://host/v1#model-name[/].")]
Tokens = Annotated[int, typer.Option("--max-new-tokens", min=1, help="Most tokens in a reply.")]
Temperature = Annotated[float, typer.Option(min=0.0, help="0 always takes the most probable token.")]
TopP = Annotated[float, typer.Option(min=0.0, max=1.0, help="Draw only from the most probable tokens up to this sum.")]
Stop = Annotated[list[str] | None, typer.Option(help="End a reply at this text. May be given again.")]
Seed = Annotated[int, typer.Option(help="Seed of the first reply; each further one has the next.")]
Dtype = Annotated[
    str | None,
    typer.Option(
        help="float32, bfloat16 or float16. Default: as stored, but float32 for what this CPU has no instructions for."
    ),
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps or auto. Default: the best there is.")]
Adapter = Annotated[Path | None, typer.Option(help="Folder of a PEFT adapter to put on the model.")]
Thinking = Annotated[
    bool | None,
    typer.Option("--thinking/--no-thinking", help="Ask the template for thinking or for none, where it can."),
]
Patience = Annotated[
    float,
    typer.Option(
        min=1.0, help="For addresses: seconds to wait for one that does not answer, tries and pauses together."
    ),
]

CHUNK = 1024
"""Prompts generated together before their replies are written; what is written survives an interruption."""
HELP = "/reset forgets the conversation, /system TEXT sets the system text, /undo takes the last turn back, /quit ends"


def chat(
    model: Model,
    system: Annotated[str | None, typer.Option(help="System text, or @FILE to read it from a file.")] = None,
    max_new_tokens: Tokens = 512,
    temperature: Temperature = 0.7,
    top_p: TopP = 1.0,
    stop: Stop = None,
    seed: Seed = 0,
    dtype: Dtype = None,
    device: Device = None,
    adapter: Adapter = None,
    thinking: Thinking = None,
    patience: Patience = PATIENCE,
) -> None:
    """Talk to a model, its words appearing as they are made and its thinking set apart in grey.

    Type a message and press Enter. Ctrl-C cuts a reply short, Ctrl-D ends. Also: /reset, /system TEXT, /undo, /quit.
    Where a message got no reply the command ends with status 1.

    Example: [cyan]caseback chat ./my-model --system "You are brief." --temperature 0[/]
    """
    console = Console(highlight=False, soft_wrap=True)
    sampling = Sampling(max_new_tokens, temperature, top_p, tuple(stop or ()))
    messages = _system(system)
    subject = _subject(model, dtype, device, adapter, thinking, patience)
    _greet(console, subject)
    unanswered = 0
    while True:
        try:
            said = console.input("[bold]you[/] › ")
        except (EOFError, KeyboardInterrupt):
            console.print()
            break
        if said.startswith("/"):
            if said.strip() in ("/quit", "/exit"):
                break
            messages = _command(console, said.strip(), messages)
        elif said.strip():
            messages = [*messages, {"role": "user", "content": said}]
            reply = _answer(console, subject, messages, sampling, seed)
            seed += 1
            unanswered += reply is None
            messages = [*messages, {"role": "assistant", "content": reply}] if reply else messages[:-1]
    if unanswered:
        raise typer.Exit(1)


def generate(
    model: Model,
    prompts: Annotated[
        Path,
        typer.Argument(
            help='JSONL: on each line a text, {"prompt": TEXT} or {"messages": [...]}, with "id", "seed" if you like.'
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="JSONL file for the replies, in the order of the prompts.")],
    system: Annotated[str | None, typer.Option(help="System text put before every chat, or @FILE.")] = None,
    max_new_tokens: Tokens = 256,
    temperature: Temperature = 0.0,
    top_p: TopP = 1.0,
    stop: Stop = None,
    seed: Seed = 0,
    dtype: Dtype = None,
    device: Device = None,
    adapter: Adapter = None,
    thinking: Thinking = None,
    cache: Annotated[Path | None, typer.Option(help="For addresses: SQLite file that keeps every reply.")] = None,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(help="For addresses: dollars per million tokens in and out, to count the cost."),
    ] = None,
    patience: Patience = PATIENCE,
) -> None:
    """Put every prompt of a file to a model, batched, and write the replies beside their prompts.

    Stopped half way, the same command goes on from where it was.

    Example: [cyan]caseback generate ./my-model prompts.jsonl --out replies.jsonl[/]
    """
    sampling = Sampling(max_new_tokens, temperature, top_p, tuple(stop or ()))
    jobs = list(_read_jobs(prompts, _system(system), seed))
    subject = _subject(model, dtype, device, adapter, thinking, patience, cache, price)
    console = Console(stderr=True, highlight=False)
    todo = _not_done(out, [{**job, "key": _key(subject, sampling, job)} for job in jobs])
    if len(todo) < len(jobs):
        console.print(f"{len(jobs) - len(todo)} of {len(jobs)} replies are in {out} already")
    errors = 0
    _append(out, [])  # what cannot be written is found before anything is generated
    with _progress(console) as bar:
        task, in_log = bar.add_task("generating", total=len(todo)), plain_lines(console, "generating")

        def tick(done: int) -> None:
            bar.update(task, completed=done)
            in_log(done, len(todo))

        for start in range(0, len(todo), CHUNK):
            chunk = todo[start : start + CHUNK]
            replies = subject.generate(
                [job["messages"] for job in chunk],
                sampling,
                seeds=[job["seed"] for job in chunk],
                progress=lambda done, _, start=start: tick(start + done),
            )
            errors += sum(reply.finish == "error" for reply in replies)
            _append(out, [{**job, **_record(reply)} for job, reply in zip(chunk, replies, strict=True)])
    usage = getattr(subject, "usage", None)
    console.print(f"{len(todo)} replies written to {out}" + (f"; {usage}" if usage else ""))
    if errors:
        console.print(f'[yellow]{errors} of them have "finish": "error"; their "error" says why[/]')


def _subject(
    model: str,
    dtype: str | None,
    device: str | None,
    adapter: Path | None,
    thinking: bool | None,
    patience: float,
    cache: Path | None = None,
    price: tuple[float, float] | None = None,
) -> Any:
    if is_address(model):
        if any(value is not None for value in (dtype, device, adapter, thinking)):
            raise CasebackError(f"--dtype, --device, --adapter and --thinking need weights; {model} is an address")
        return resolve_closed(model, cache=cache, price=price, patience=patience)
    from caseback.subject.load import load

    subject = load(located(model), dtype=dtype, device=device, adapter=str(adapter) if adapter else None)
    if thinking is not None:
        subject.template_options = {"enable_thinking": thinking, "thinking": thinking}
    return subject


def _greet(console: Console, subject: Any) -> None:
    console.print(f"[bold]{subject.name}[/]  {subject.digest[:19]}")
    if not getattr(subject, "has_template", True):
        console.print("[yellow]It has no chat template, so it gets plain User:/Assistant: lines.[/]")
    console.print(f"[dim]{HELP}[/]")


def _command(console: Console, said: str, messages: list[Message]) -> list[Message]:
    name, _, rest = said.partition(" ")
    kept = [message for message in messages if message["role"] == "system"]
    if name == "/reset":
        return kept
    if name == "/system":
        return [*_system(rest or None), *(message for message in messages if message["role"] != "system")]
    if name == "/undo":
        return [*kept, *[message for message in messages if message["role"] != "system"][:-2]]
    console.print(f"[dim]{HELP}[/]")
    return messages


def _answer(console: Console, subject: Any, messages: list[Message], sampling: Sampling, seed: int) -> str | None:
    """Show the reply as it comes; returns its text, as far as it got, or None where an error stands in its place."""
    text: list[str] = []
    failed = False
    console.print("[bold]model[/] › ", end="")
    try:
        if not hasattr(subject, "stream"):
            [reply] = subject.generate([messages], sampling, seeds=[seed])
            console.print(reply.error or reply.text, markup=False, style="red" if reply.error else None)
            return None if reply.error else str(reply.text)
        was_thinking = False
        for piece in subject.stream(messages, sampling, seed):
            if was_thinking and not piece.thinking:
                console.print("\n")
            was_thinking = piece.thinking
            console.print(str(piece), end="", markup=False, style="dim italic" if piece.thinking else None)
            if not piece.thinking:
                text.append(piece)
    except KeyboardInterrupt:
        console.print("[dim] (cut short)[/]", end="")
    except CasebackError as error:
        console.print(str(error), markup=False, style="red", end="")
        failed = True
    console.print()
    return None if failed else "".join(text)


def _system(system: str | None) -> list[Message]:
    if system is None:
        return []
    if system.startswith("@"):
        try:
            system = Path(system[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CasebackError(f"the system text {system[1:]} cannot be read: {error}") from None
    return [{"role": "system", "content": system}]


def _read_jobs(path: Path, system: list[Message], seed: int) -> Iterator[dict[str, Any]]:
    """The chats of a file, each with id and seed."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"the prompts {path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except ValueError as error:
            raise CasebackError(f"{path}, line {number}: not JSON ({error})") from None
        job = given if isinstance(given, dict) else {"prompt": given}
        messages = job.get("messages", [{"role": "user", "content": job.get("prompt")}])
        whole = isinstance(messages, list) and all(
            isinstance(m, dict) and isinstance(m.get("role"), str) and isinstance(m.get("content"), str)
            for m in messages
        )
        if not whole or not messages or not isinstance(job.get("seed", 0), int):
            raise CasebackError(
                f'{path}, line {number}: give a text, {{"prompt": TEXT}} or {{"messages": [{{"role", "content"}}, …]}}'
            )
        yield {
            "id": job.get("id", number),
            "seed": job.get("seed", seed + number - 1),
            "messages": [*system, *messages],
        }


def _key(subject: Subject, sampling: Sampling, job: dict[str, Any]) -> str:
    """What a reply in the output is recognised by: model, sampling, chat and seed."""
    said = json.dumps([subject.digest, repr(sampling), job["id"], job["seed"], job["messages"]], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _not_done(out: Path, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The jobs whose replies are not in the output yet; a line that was cut off there is removed."""
    if out.is_dir():
        raise CasebackError(f"{out} is a folder; name a file in it for the replies")
    if not out.exists():
        if not out.parent.is_dir():
            raise CasebackError(f"there is no folder {out.parent} to write {out.name} into; make it first")
        return list(jobs)
    whole, done = [], set()
    for line in out.read_bytes().splitlines(keepends=True):
        try:
            done.add(json.loads(line)["key"])
        except (ValueError, KeyError, TypeError):
            if line.endswith(b"\n"):
                raise CasebackError(f"{out} exists and holds something else; name another file") from None
            break
        whole.append(line)
    if done - {job["key"] for job in jobs}:
        raise CasebackError(f"{out} holds replies of other prompts, model or settings; name another file") from None
    out.write_bytes(b"".join(whole))
    return [job for job in jobs if job["key"] not in done]


def _append(out: Path, rows: Sequence[dict[str, Any]]) -> None:
    try:
        with out.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as error:
        raise CasebackError(f"{out}: {cannot_write(error)}") from error


def _record(reply: Reply) -> dict[str, Any]:
    """What the output says of a reply."""
    record: dict[str, Any] = {"text": reply.text, "finish": reply.finish, "prompt_tokens": reply.prompt_tokens}
    if reply.thinking:
        record["thinking"] = reply.thinking
    if reply.logprobs:
        record |= {"reply_tokens": len(reply.logprobs), "logprob": sum(reply.logprobs)}
    if reply.error:
        record["error"] = reply.error
    return record


def _progress(console: Console) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
