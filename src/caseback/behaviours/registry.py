"""Finding behaviours, our own and other packages', by the entry point group ``caseback.behaviours``."""

from importlib.metadata import entry_points

from caseback.behaviours.behaviour import Behaviour
from caseback.errors import CasebackError

GROUP = "caseback.behaviours"


def behaviours() -> dict[str, Behaviour]:
    """All behaviours installed, by name, in alphabetical order.

    Raises:
        CasebackError: naming the entry point and its package where one cannot be loaded, is no Behaviour, bears another
            name than its entry point, or takes a name that is taken.
    """
    found: dict[str, Behaviour] = {}
    origin: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist else "an unknown package"
        where = f"the behaviour {entry.name} = {entry.value!r} of {package}"
        try:
            behaviour = entry.load()
        except Exception as error:  # whatever another package's import raises is named, not swallowed
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise CasebackError(f"{where} cannot be loaded ({reason}): mend or uninstall that package") from error
        if not isinstance(behaviour, Behaviour):
            raise CasebackError(f"{where} is a {type(behaviour).__name__}: make it a caseback Behaviour")
        if behaviour.name != entry.name:
            raise CasebackError(f"{where} calls itself {behaviour.name!r}: give both the same name")
        if entry.name in found and origin[entry.name] != entry.value:
            raise CasebackError(f"{where} takes a name that {origin[entry.name]} has: rename one of them")
        found[entry.name], origin[entry.name] = behaviour, entry.value
    return found


def trained_against() -> dict[str, Behaviour]:
    """Those that `caseback run` and its studies measure and train against.

    Raises:
        CasebackError: as ``behaviours``.
    """
    return {name: found for name, found in behaviours().items() if not found.planted_only}


def behaviour(name: str) -> Behaviour:
    """The behaviour of this name, companions included.

    Raises:
        CasebackError: listing the names that there are.
    """
    installed = behaviours()
    companions = {item.companion.name: item.companion for item in installed.values() if item.companion}
    everything = {**companions, **installed}
    if name not in everything:
        raise CasebackError(f"no behaviour {name!r}: there are {', '.join(sorted(everything))}")
    return everything[name]
