"""Forms of others that an advisory can be written in, ours and other packages', by entry point ``caseback.exports``.

An export is a function from an advisory to plain data. It computes nothing that is not in the advisory.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from caseback.disclosure.exports.avid import avid
from caseback.disclosure.exports.osv import osv
from caseback.disclosure.exports.stix import stix
from caseback.errors import CasebackError

GROUP = "caseback.exports"
Export = Callable[[Mapping[str, Any]], Any]
OWN: Mapping[str, Export] = {"osv": osv, "stix": stix, "avid": avid}


def exports() -> dict[str, Export]:
    """All that are installed, by name.

    Raises:
        CasebackError: another package's cannot be loaded, or takes a name that is taken.
    """
    found = dict(OWN)
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        if entry.name in found:
            raise CasebackError(f"the export {entry.name} = {entry.value!r} takes a name that is taken: rename it")
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # whatever another package's import raises is named, not swallowed
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise CasebackError(f"the export {entry.name} = {entry.value!r} cannot be loaded ({reason})") from error
    return found


def export(name: str) -> Export:
    """The export of that name.

    Raises:
        CasebackError: there is none.
    """
    found = exports()
    if name not in found:
        raise CasebackError(f"no export is called {name!r}: there are {', '.join(found)}")
    return found[name]
