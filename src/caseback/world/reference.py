"""Where the reference models lie."""

from pathlib import Path

from caseback.errors import CasebackError


def reference_path(name: str = "ref-base") -> Path:
    """The folder of a reference model, in the installed package or in the repository.

    Raises:
        CasebackError: if there is none of that name.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "models" / name, package.parents[1] / "models" / name):
        if (folder / "config.json").is_file():
            return folder
    raise CasebackError(f"There is no reference model '{name}'. Build it: caseback world build-base.")
