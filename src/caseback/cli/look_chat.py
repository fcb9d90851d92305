"""``caseback look chat``: talk to a model while steering it, on a page of this machine or in the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.chat.dial import Dial
    from caseback.studio.local_server import Served
    from caseback.subject.open_subject import OpenSubject


def chat(
    model: Annotated[str, typer.Argument(help="Folder or hub id of a model, or the name of a reference model.")],
    direction: Annotated[
        list[str] | None,
        typer.Option(help="Folder of a direction, or NAME=FOLDER: a slider in doses. May be repeated."),
    ] = None,
    dictionary: Annotated[
        list[Path] | None, typer.Option(help="Folder of a dictionary, or of one in SAELens' files. May be repeated.")
    ] = None,
    latent: Annotated[
        list[int] | None,
        typer.Option(help="A slider on this latent. Several: of the one dictionary, or one of each in turn."),
    ] = None,
    system: Annotated[str, typer.Option(help="System text to begin with.")] = "",
    temperature: Annotated[float, typer.Option(min=0.0, help="0 always takes the most probable token.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Of replies drawn at a temperature.")] = 0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Most tokens in a reply.")] = 256,
    terminal: Annotated[bool, typer.Option("--terminal", help="Talk here instead of on a page.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    carry: Annotated[
        bool, typer.Option(help="Use directions of another model with the same tokenizer, such as its base.")
    ] = False,
    adapter: Annotated[str | None, typer.Option(help="Folder of a PEFT adapter to put on the model.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16.", show_default="as stored")] = None,
) -> None:
    """Chat with a model, moving sliders along directions and dictionary latents.

    Each message is answered twice, steered and not, from the same prompt and seed. Choose a slider's name to see it
    read on every token of prompt and reply. The page is served on this machine alone, under an address with a secret in
    it; Ctrl-C ends it. With --terminal you type messages here, and /set NAME VALUE, /read NAME, /system TEXT,
    /save FILE, /quit.

    Examples:

      caseback look chat ref-base --direction directions/harm

      caseback look chat Qwen/Qwen3-0.6B --dictionary dictionary --latent 17 --latent 503 --terminal
    """
    from caseback.cli.chat_terminal import Talk, talk
    from caseback.cli.models import load_named
    from caseback.studio.chat import chat_page
    from caseback.subject.subject import Sampling

    _latents(dictionary or [], latent or [])  # what does not go together is told before anything is loaded
    subject = load_named(model, dtype=dtype, adapter=adapter)
    dials = read_dials(subject, direction or [], dictionary or [], latent or [], carry)
    console = Console(highlight=False, soft_wrap=True)
    if terminal:
        talk(console, Talk(subject, dials, system, Sampling(max_new_tokens, temperature), seed))
        return
    begin = {"system": system, "temperature": temperature, "seed": seed, "max_new_tokens": max_new_tokens}
    _serve(console, chat_page(subject, dials, begin, max(max_new_tokens, 2048)), port, browser)


def read_dials(
    subject: "OpenSubject", directions: Sequence[str], dictionaries: Sequence[Path], latents: Sequence[int],
    carry: bool = False,
) -> list["Dial"]:  # fmt: skip
    """The dials of these directions (FOLDER or NAME=FOLDER) and latents.

    Raises:
        CasebackError: they do not go together, belong to another model, or two have one name.
    """
    from caseback.interp.chat.dial import by_name

    pairs = _latents(dictionaries, latents)
    dials = [*_directions(subject, directions, carry), *_latent_dials(subject, pairs)]
    by_name(dials)
    return dials


def _serve(console: Console, served: "Served", port: int, browser: bool) -> None:
    import webbrowser

    from caseback.studio.local_server import listening, work

    with listening(served, port) as address:
        console.print(address, style="bold")
        console.print("Only who knows this address can use it. Ctrl-C ends it.", style="dim")
        if browser:
            webbrowser.open(address)
        try:
            work(served)
        except KeyboardInterrupt:
            console.print("\nstopped")


def _directions(subject: "OpenSubject", given: Sequence[str], carry: bool) -> list["Dial"]:
    from caseback.interp.chat.dial import direction_dial
    from caseback.interp.directions.files import carried_over, load_direction

    found = []
    for one in given:
        name, _, folder = one.rpartition("=")
        found.append(direction_dial((carried_over if carry else load_direction)(Path(folder), subject), name))
    return found


def _latents(dictionaries: Sequence[Path], latents: Sequence[int]) -> list[tuple[Path, int]]:
    """Each latent with its dictionary.

    Raises:
        CasebackError: they do not go together.
    """
    if bool(dictionaries) != bool(latents):
        raise CasebackError("a latent needs its dictionary: give both --dictionary FOLDER and --latent N")
    if len(dictionaries) == 1:
        return [(dictionaries[0], number) for number in latents]
    if len(dictionaries) != len(latents):
        raise CasebackError(
            f"{len(dictionaries)} dictionaries and {len(latents)} latents: give one dictionary, or one for each latent"
        )
    return list(zip(dictionaries, latents, strict=True))


def _latent_dials(subject: "OpenSubject", pairs: Sequence[tuple[Path, int]]) -> list["Dial"]:
    from caseback.interp.chat.dial import latent_dial
    from caseback.interp.dictionary.files import load
    from caseback.interp.dictionary.saelens import read_saelens

    folders = dict.fromkeys(folder for folder, _ in pairs)
    opened = {folder: (read_saelens if (folder / "cfg.json").is_file() else load)(folder) for folder in folders}
    several = len(opened) > 1
    return [
        latent_dial(subject, opened[folder], number, f"{folder.name} {number}" if several else "")
        for folder, number in pairs
    ]
