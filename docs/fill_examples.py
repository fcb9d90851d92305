"""Writes what the commands on a page print below them: ``python docs/fill_examples.py docs/world-by-example.md``.

A command stands in a ``sh`` block, what it prints in the ``text`` block that follows. A test holds both together.
"""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

_PAIR = re.compile(r"```sh\n(?P<command>[^`]*?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)
_BLOCKS = "```sh\n{}```\n\n```text\n{}```"


def printed_by(command: str) -> str:
    """What a command prints, without colours, broken at 80 columns, blank space at the ends of lines left out."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80", "TERM": "dumb", "PYTHONUTF8": "1"}
    ran = subprocess.run(["bash", "-c", command], env=env, capture_output=True, encoding="utf-8", check=True)
    lines = [part for line in ran.stdout.splitlines() for part in broken(line.rstrip())]
    return "\n".join(lines).strip("\n") + "\n"


def broken(line: str) -> list[str]:
    """A line as a page shows it: as it is, or in several where it is wider."""
    return textwrap.wrap(line, 80, subsequent_indent="    ", break_on_hyphens=False) or [""]


def filled(page: str) -> str:
    """The page with what its commands print now."""
    return _PAIR.sub(lambda pair: _BLOCKS.format(pair["command"], printed_by(pair["command"])), page)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(filled(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
