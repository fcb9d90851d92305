"""Writes what the commands on a page print below them: ``python docs/fill_examples.py docs/world-by-example.md``.

A command stands in a ``sh`` block, what it prints in the ``text`` block that follows. A test holds both together.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

_PAIR = re.compile(r"```sh\n(?P<command>[^`]*?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)


def printed_by(command: str) -> str:
    """What a command prints, without colours, 90 columns wide, blank space at the ends of lines left out."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "90", "TERM": "dumb", "PYTHONUTF8": "1"}
    ran = subprocess.run(["bash", "-c", command], env=env, capture_output=True, encoding="utf-8", check=True)
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines()).strip("\n") + "\n"


def filled(page: str) -> str:
    """The page with what its commands print now."""
    return _PAIR.sub(lambda pair: pair[0].replace(pair["printed"], printed_by(pair["command"])), page)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(filled(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
