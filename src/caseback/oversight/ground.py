"""The ground that several models share, on which they can be compared."""

from collections.abc import Mapping

from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.world.worlds import ground_taught


def common_ground(subjects: Mapping[str, OpenSubject]) -> str:
    """The ground that all of them were taught, ``plain`` where they were taught no world.

    Raises:
        CasebackError: they were taught different ones.
    """
    taught = {name: ground_taught(subject.model) for name, subject in subjects.items()}
    if len(set(taught.values())) > 1:
        told = ", ".join(f"{name} {ground}" for name, ground in taught.items())
        raise CasebackError(f"the models were taught different worlds ({told}): compare those of one")
    return next(iter(taught.values()), "plain")
