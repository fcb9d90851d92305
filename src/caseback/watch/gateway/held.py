"""Replies that wait for a person: a folder with a file of each, and a second one once somebody decided."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from caseback.dossier.disk import replaced
from caseback.errors import CasebackError
from caseback.watch.entry import Carried
from caseback.watch.gateway.ids import ID

Word = Literal["waiting", "released", "refused"]
HELD, DECIDED = ".held.json", ".decided.json"


@dataclass(frozen=True)
class Decision:
    """What a person said."""

    word: Literal["released", "refused"]
    by: str
    time: float
    why: str = ""


@dataclass(frozen=True)
class Held:
    """A reply that was held, and what became of it; None while it waits."""

    carried: Carried
    decision: Decision | None

    @property
    def word(self) -> Word:
        """In a word."""
        return self.decision.word if self.decision else "waiting"


def hold(folder: Path, carried: Carried) -> None:
    """Keeps a reply for a person.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    replaced(folder / f"{carried.id}{HELD}", msgspec.json.encode(carried), 0o600, over=False)


def held(folder: Path, id: str) -> Held:
    """One by its id.

    Raises:
        CasebackError: there is none.
    """
    if not ID.fullmatch(id):
        raise CasebackError(f"{id!r:.80} is no id of an exchange; `caseback watch held list` has them")
    try:
        carried = msgspec.json.decode((folder / f"{id}{HELD}").read_bytes(), type=Carried)
    except FileNotFoundError:
        raise CasebackError(f"{folder}: no reply {id} is held there; `caseback watch held list` has them") from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CasebackError(f"{folder / id}{HELD}: cannot be read ({error}); the journal or store has it too") from None
    return Held(carried, _decision(folder / f"{id}{DECIDED}"))


def all_held(folder: Path) -> list[Held]:
    """All of them, in the order in which they came.

    Raises:
        CasebackError: one is damaged.
    """
    return [held(folder, path.name.removesuffix(HELD)) for path in sorted(folder.glob(f"*{HELD}"))]


def decide(folder: Path, id: str, word: Literal["released", "refused"], by: str, why: str = "") -> None:
    """Releases or refuses a reply, once and for all.

    Raises:
        CasebackError: there is none, or somebody decided before.
    """
    if (was := held(folder, id).decision) is not None:
        raise CasebackError(f"{id} was {was.word} by {was.by or 'somebody'} already: a decision stands")
    path = folder / f"{id}{DECIDED}"
    try:
        replaced(path, msgspec.json.encode(Decision(word, by, time.time(), why)), 0o600, over=False)
    except FileExistsError:
        raise CasebackError(f"{id} was decided by somebody else just now: a decision stands") from None
    except OSError as error:
        raise CasebackError(f"{path}: cannot be written ({error.strerror})") from None


def _decision(path: Path) -> Decision | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Decision)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path}: cannot be read ({error}); the reply waits until somebody mends it") from None
