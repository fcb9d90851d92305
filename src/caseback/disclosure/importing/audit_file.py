"""Local audits on disk: JSON Lines, one exchange and detector a line."""

from pathlib import Path

from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.strict_json import parse
from caseback.disclosure.importing.promotion import Audited
from caseback.errors import CasebackError


def read_audits(path: Path) -> list[Audited]:
    """The audits of a file, in order: ``{"detector": id, "flagged": bool, "shown": bool or null}``.

    Where ``shown`` is null, nobody could tell; such a line counts for nothing.

    Raises:
        CasebackError: it cannot be read, or a line is none; with its number.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise CasebackError(f"{path}: no audits to read ({error.strerror})") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = parse(line, f"{path}, line {number}", SMALL)
        right = isinstance(row, dict) and isinstance(row.get("detector"), str) and isinstance(row.get("flagged"), bool)
        if not right or not (row.get("shown") is None or isinstance(row["shown"], bool)):
            raise CasebackError(f"{path}, line {number}: it needs detector (an id), flagged and shown (true or false)")
        if row.get("shown") is not None:
            found.append(Audited(row["detector"], row["flagged"], row["shown"]))
    return found
