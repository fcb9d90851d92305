"""Blue's submission in the repair game: a repaired model for each subject, known by the digest of its folder."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from caseback.audit.games.submission_file import by_subject, read_submission
from caseback.errors import CasebackError
from caseback.subject.digest import folder_digest
from caseback.subject.load import check_files

Repaired = dict[str, dict[str, str]]
"""By subject: ``model``, its folder, from that of the game where it lies within, and ``digest``."""


def read_repaired(path: Path, subjects: Collection[str], game: Path) -> Repaired:
    """The repaired models of a JSON file, ``{"s01": "path/to/model", …}``.

    Raises:
        CasebackError: it cannot be read, or names something that is no model.
    """
    return check_repaired(read_submission(path, "repaired models"), subjects, game, str(path))


def check_repaired(data: Any, subjects: Collection[str], game: Path, where: str = "the submission") -> Repaired:
    """The repaired models, each with the digest of its folder as it is now.

    A subject may be left out: it counts as not repaired.

    Raises:
        CasebackError: naming the subject and what is wrong with its model.
    """
    data = by_subject(data, subjects, where, '{"s01": "path/to/model"}')
    found: Repaired = {}
    for name, place in data.items():
        if not isinstance(place, str) or not Path(place).is_dir():
            raise CasebackError(f"{where}, {name}: no folder {place!r:.100}; give that of the repaired model")
        check_files(Path(place))
        whole, home = Path(place).resolve(), game.resolve()
        kept = whole.relative_to(home) if whole.is_relative_to(home) else whole  # so that a game may be moved
        found[str(name)] = {"model": str(kept), "digest": folder_digest(whole)}
    return found


def check_unchanged(repaired: Repaired, game: Path) -> None:
    """See that every model is still the one that was submitted, before anything is revealed.

    Raises:
        CasebackError: naming the one that is not.
    """
    for name, said in repaired.items():
        digest = folder_digest(game / said["model"])
        if digest != said["digest"]:
            raise CasebackError(
                f"the repaired model of {name} ({game / said['model']}) is not the one that was submitted: its digest "
                f"is {digest[:19]}…, and {said['digest'][:19]}… was submitted; restore it, or have it submitted again"
            )
