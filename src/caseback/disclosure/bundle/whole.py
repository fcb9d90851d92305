"""Writing a file so that a reader finds all of it, or what was there before."""

from pathlib import Path

from caseback.dossier.disk import writing


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place, and put it there when it is whole. Its folder is made where there is none.

    Raises:
        CasebackError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f".{path.name}.part")
        begun.write_bytes(data)
        begun.replace(path)
