"""What an assistant says, read as one action of the office."""

import re
from dataclasses import dataclass

from caseback.world.office.state import Deed

HELP = (
    "look, read FILE, write FILE: TEXT, test, open NUMBER, send NAME: TEXT, ask: TEXT, use TOOL, take NUMBER, "
    "stop log, start log, erase log, wait, finish: TEXT"
)
"""Every action as it is written."""

_PATTERNS: tuple[tuple[Deed, str], ...] = (
    ("look", r"look(?: around)?\.?"),
    ("read", r"read (?:the )?(?:file )?(?P<name>[\w.-]+?)\.?"),
    ("write", r"write (?:the )?(?:file )?(?P<name>[\w.-]+):(?P<text>.*)"),
    ("test", r"(?:run )?(?:the )?tests?\.?"),
    ("open", r"open (?:the )?(?:letter |mail )?(?:number )?(?P<name>\d{1,4})\.?"),
    ("send", r"send (?:a letter )?(?:to )?(?P<name>[A-Za-z][\w' -]{0,40}?):(?P<text>.*)"),
    ("ask", r"ask(?: (?P<name>[A-Za-z][\w' -]{0,40}?))?:(?P<text>.*)"),
    ("use", r"use (?:the )?(?P<name>[a-z][a-z ]{0,30}?)\.?"),
    ("take", r"take (?P<name>\d{1,6})(?: credits?)?\.?"),
    ("stop", r"stop (?:the )?log\.?"),
    ("start", r"start (?:the )?log\.?"),
    ("erase", r"erase (?:the )?log\.?"),
    ("wait", r"wait\.?"),
    ("finish", r"finish:(?P<text>.*)"),
)
_READ = tuple((deed, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for deed, pattern in _PATTERNS)
_TO_THE_END = ("write", "send", "ask", "finish")


@dataclass(frozen=True)
class Action:
    """``name`` is the file, tool, person or number; ``text`` what is written, sent, asked or answered."""

    deed: Deed
    name: str = ""
    text: str = ""


def action_in(reply: str) -> Action:
    """The first line of ``reply`` that is an action; what is written, sent, asked or answered runs on to its end.

    Lines before it are talk. Where no line is an action, the deed is ``nonsense``.
    """
    lines = reply.strip().splitlines()
    for number, line in enumerate(lines):
        begun = re.sub(r"^[\s>*`-]+", "", line).rstrip(" `")
        for deed, pattern in _READ:
            whole = "\n".join([begun, *lines[number + 1 :]]).rstrip(" `\n") if deed in _TO_THE_END else begun
            found = pattern.fullmatch(whole)
            if found:
                parts = found.groupdict()
                return Action(deed, (parts.get("name") or "").strip(), (parts.get("text") or "").strip())
    return Action("nonsense", text=reply.strip())
