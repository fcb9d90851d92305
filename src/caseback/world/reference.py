"""Where the reference models lie."""

from pathlib import Path

from caseback.errors import CasebackError


def shipped_path(name: str) -> Path | None:
    """The folder of a model that ships, in the installed package or in the repository; None where there is none."""
    package = Path(__file__).resolve().parents[1]
    folders = (package / "models" / name, package.parents[1] / "models" / name)
    return next((folder for folder in folders if (folder / "config.json").is_file()), None)


def reference_path(name: str = "ref-base") -> Path:
    """The folder of a reference model: shipped, or built on demand.

    Raises:
        CasebackError: if there is none of that name, or it has not been built.
    """
    if (shipped := shipped_path(name)) is not None:
        return shipped
    from caseback.world.builds import built_folder

    built = built_folder(name) / "model"
    if _finished(built):
        return built
    raise CasebackError(f"The reference model '{name}' has not been built here. Build it: caseback world build {name}.")


def named_or_given(given: str) -> tuple[str, bool]:
    """Where a model lies that is given by the name of a reference model, by folder or by hub id; and whether it was by
    such a name.

    Raises:
        CasebackError: a reference model that has not been built here.
    """
    from caseback.world.builds import BUILDS

    if (given in BUILDS or shipped_path(given)) and not Path(given).is_dir():
        return str(reference_path(given)), True
    return given, False


def where(name: str) -> str:
    """Where a reference model lies, in words: that it ships, the folder it was built in, or empty where it is not."""
    from caseback.world.builds import built_folder

    if shipped_path(name) is not None:
        return "ships with caseback"
    built = built_folder(name) / "model"
    return str(built) if _finished(built) else "begun" if built.is_dir() else ""


def _finished(folder: Path) -> bool:
    import json

    record = folder / "training.json"
    return record.is_file() and bool(json.loads(record.read_text())["done"])
