"""The terminal's side of ``caseback look chat``: what is typed, and what is shown of a turn."""

import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from caseback.chat import Message, assistant, system, user
from caseback.disclosure.page import visible
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError
from caseback.interp.chat.dial import Dial, turned
from caseback.interp.chat.turn import Answer, Turn, about_data, take_turn, turn_data
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

HELP = "/set NAME VALUE moves a dial, /read NAME shows it token by token, /system TEXT, /undo, /save FILE, /quit"


@dataclass
class Talk:
    """A conversation as far as it has got. ``turns`` are as they are saved, ``last`` is the last one as it was made."""

    subject: OpenSubject
    dials: Sequence[Dial]
    system: str
    sampling: Sampling
    seed: int
    values: dict[str, float] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    last: Turn | None = None


def talk(console: Console, state: Talk) -> None:
    """Reads lines until the end of them, or /quit. What cannot be done is told in one line, and the talk goes on."""
    names = ", ".join(dial.name for dial in state.dials) or "none"
    console.print(Text(f"{state.subject.name}  dials: {names}"), style="bold")
    console.print(Text(HELP), style="dim")
    while True:
        try:
            said = console.input("you › ", markup=False)
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if said.strip() == "/quit":
            return
        try:
            if said.startswith("/"):
                _command(console, state, said.strip())
            elif said.strip():
                _ask(console, state, said)
        except CasebackError as error:
            console.print(Text(str(error)), style="red")
        except KeyboardInterrupt:
            console.print("(cut short)", style="dim")


def _ask(console: Console, state: Talk, said: str) -> None:
    chat: list[Message] = [system(state.system)] if state.system else []
    for turn in state.turns:
        chat += [user(turn["chat"][-1]["content"]), assistant(turn["steered"]["text"])]
    chat.append(user(said))
    made = take_turn(state.subject, state.dials, chat, state.values, state.sampling, state.seed)
    state.turns.append(turn_data(made, chat, state.values, state.sampling, state.seed))
    state.last = made
    if made.steered is not made.plain:
        _show(console, "steered", made.steered)
    _show(console, "not steered", made.plain)


def _show(console: Console, name: str, answer: Answer) -> None:
    console.print(Text(f"{name} › "), end="", style="bold")
    if answer.thinking:
        console.print(Text(visible(answer.thinking)), style="dim italic")
    console.print(Text(visible(answer.text)) if answer.text else Text("(nothing said)", style="dim"))
    for dial, share in answer.moved.items():
        console.print(Text(f"  {dial} moved the stream by {share:.0%}"), style="dim")


def _command(console: Console, state: Talk, said: str) -> None:
    name, _, rest = said.partition(" ")
    rest = rest.strip()
    if name == "/set":
        _set(state, rest)
        told = ", ".join(f"{dial} {value:g}" for dial, value in state.values.items() if value)
        console.print(Text(told or "all dials at 0"), style="dim")
    elif name == "/read":
        _read(console, state, rest)
    elif name == "/system":
        state.system = rest
    elif name == "/undo":
        state.turns, state.last = state.turns[:-1], None
    elif name == "/save":
        if not rest:
            raise CasebackError("name a file: /save FILE")
        data = {**about_data(state.subject, state.dials), "turns": state.turns}
        write_text(Path(rest).expanduser(), json.dumps(data, indent=1, allow_nan=False) + "\n")
        console.print(Text(f"saved {len(state.turns)} turns to {rest}"), style="dim")
    else:
        console.print(Text(HELP), style="dim")


def _set(state: Talk, rest: str) -> None:
    try:
        *words, number = shlex.split(rest)
        value = float(number)
    except ValueError:
        raise CasebackError("give a dial and a number: /set NAME VALUE") from None
    values = {**state.values, " ".join(words): value}
    turned(state.dials, values)  # refuses what is no dial, and what is not finite
    state.values = values


def _read(console: Console, state: Talk, name: str) -> None:
    """Prompt and answers of the last turn, each token on a ground that says how far along it lies."""
    if state.last is None:
        raise CasebackError("nothing to read yet: say something first")
    if name not in state.last.readings:
        raise CasebackError(f"no dial is called '{name}': there are {', '.join(state.last.readings) or 'none'}")
    last = state.last
    parts = [("prompt", last.prompt, last.readings[name])]
    if last.steered is not last.plain:
        parts.append(("steered", last.steered.tokens, last.steered.readings[name]))
    parts.append(("not steered", last.plain.tokens, last.plain.readings[name]))
    sizes = sorted(abs(value) for *_, values in parts for value in values)
    most = sizes[math.floor(0.95 * (len(sizes) - 1))] or 1.0
    for what, tokens, values in parts:
        top = max(values, default=math.nan)
        console.print(Text(f"{what}: highest {top:.3g}, mean {_mean(values):.3g}"), style="dim")
        line = Text()
        for token, value in zip(tokens, values, strict=True):
            line.append(visible(token), style=heat(value / most))
        console.print(line)


def heat(part: float) -> str:
    """A ground for a reading between -1 and 1: blue below 0, orange above, the stronger the further."""
    part = max(-1.0, min(1.0, part))
    if abs(part) < 0.1:
        return ""
    red, green, blue = (60, 110, 200) if part < 0 else (215, 110, 20)
    share = 0.3 + 0.7 * abs(part)
    return f"white on rgb({red * share:.0f},{green * share:.0f},{blue * share:.0f})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
