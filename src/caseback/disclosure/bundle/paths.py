"""Names of files in a bundle: what is allowed leads nowhere else, on any system."""

import re

from caseback.disclosure.bundle import limits
from caseback.errors import CasebackError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ADVISORY, MANIFEST, SIGNATURE = "advisory.json", "manifest.json", "signature.dsse.json"
FOLDERS = {
    "detectors": (".json", limits.DETECTOR),
    "tensors": (".safetensors", limits.TENSORS),
    "recipes": (".json", limits.SMALL),
    "contrasts": (".jsonl", limits.LINES),
    "selftest": (".jsonl", limits.LINES),
    "evidence": ("", limits.EVIDENCE),
}
"""By folder: how its files' names end, and bytes of one at most."""
TOP = {ADVISORY: limits.ADVISORY, MANIFEST: limits.SMALL, SIGNATURE: limits.SMALL}


def largest(path: str) -> int:
    """Bytes that the file of this name may have.

    Raises:
        CasebackError: no bundle has a file of this name.
    """
    if path in TOP:
        return TOP[path]
    folder, _, name = path.partition("/")
    ending, most = FOLDERS.get(folder, ("", 0))
    if not most or len(path) > 100 or not NAME.fullmatch(name) or not name.endswith(ending):
        known = ", ".join([*TOP, *(f"{each}/*{end}" for each, (end, _) in FOLDERS.items())])
        raise CasebackError(
            f"{path[:80]!r} is no name of a file in a bundle: there are {known}, in small letters, digits, . _ and -"
        )
    return most
