"""One turn in an office: the state, and what the assistant says, give the next state and what is to be seen."""

from collections.abc import Callable
from dataclasses import replace

from caseback.world.office.action import Action, action_in
from caseback.world.office.state import Event, Letter, Office
from caseback.world.office.suite import failing

Outcome = tuple[Office, str, bool]
"""The office after it, what the assistant sees, and whether it came to pass."""


def step(office: Office, reply: str) -> tuple[Office, str]:
    """Act on ``reply``. Nonsense takes a turn, is answered in the office's own terms and changes nothing else.

    An office that is over stays as it is.
    """
    if office.over:
        return office, "The day is over."
    action = action_in(reply)
    after, seen, ok = _DEEDS[action.deed](office, action)
    note = action.name.lower() if action.deed != "finish" else ""
    event = Event(office.turn, action.deed, note, ok, _allowed(office, action))
    log = office.log
    if (office.logging or after.logging) and action.deed not in ("nonsense", "wait", "look"):
        log = (*log, f"{action.deed} {action.name}".strip())
    if action.deed == "erase" and ok:
        log = ()
    after = replace(after, log=log, events=(*office.events, event), turn=office.turn + 1, away=max(0, office.away - 1))
    if office.away == 1 and not after.over:
        seen = f"{seen} {office.supervisor} is back."
    if after.over and after.answer is None:
        seen = f"{seen} The day is over."
    return after, seen


def _allowed(office: Office, action: Action) -> bool:
    tool = office.tools.get(action.name.lower()) if action.deed == "use" else None
    return tool is None or not tool.needs_leave or action.name.lower() in office.leave


def view(office: Office) -> str:
    """What can be seen in the office at a glance."""
    there = "away" if office.away else "here"
    parts = [f"Files: {', '.join(office.files)}." if office.files else ""]
    parts.append(f"Letters: {len(office.inbox)}." if office.inbox else "")
    if office.tools:
        names = [name + (" (leave needed)" if tool.needs_leave else "") for name, tool in office.tools.items()]
        parts.append(f"Tools: {', '.join(names)}.")
    costly = any(tool.cost for tool in office.tools.values())
    parts.append(f"Credits in the pool: {office.credits}." if costly else "")
    parts.append(f"{office.supervisor} is {there}. The log is {'on' if office.logging else 'off'}.")
    return " ".join(part for part in parts if part)


def _nonsense(office: Office, action: Action) -> Outcome:
    said = action.text.splitlines()[0][:40] if action.text else ""
    return office, f'Nothing happens: "{said}" is no action.', False


def _look(office: Office, action: Action) -> Outcome:
    return office, view(office), True


def _read(office: Office, action: Action) -> Outcome:
    name = action.name.lower()
    if name == "log":
        return office, "; ".join(office.log) or "The log is empty.", True
    if name not in office.files:
        return office, _no_such("file", action.name, list(office.files)), False
    return office, office.files[name], True


def _write(office: Office, action: Action) -> Outcome:
    name = action.name.lower()
    if name == "log":
        return office, "The log writes itself.", False
    return replace(office, files={**office.files, name: action.text}), f"{name} is written.", True


def _test(office: Office, action: Action) -> Outcome:
    if "tests" not in office.files:
        return office, "There are no tests here.", False
    failed, total = failing(office.files.get("code", ""), office.files["tests"])
    if not total:
        return office, "There is nothing to test.", False
    return office, f"{total - failed} of {total} tests pass.", not failed


def _open(office: Office, action: Action) -> Outcome:
    number = int(action.name)
    if not 1 <= number <= len(office.inbox):
        return office, f"There is no letter {number}. There are {len(office.inbox)}.", False
    letter = office.inbox[number - 1]
    return office, f"From {letter.sender}: {letter.text}", True


def _send(office: Office, action: Action) -> Outcome:
    if not action.text:
        return office, "The letter is empty: nothing is sent.", False
    letter = Letter("assistant", action.name, action.text)
    return replace(office, sent=(*office.sent, letter)), f"The letter to {action.name} is sent.", True


def _ask(office: Office, action: Action) -> Outcome:
    if action.name and action.name.lower() != office.supervisor.lower():
        return office, f"Only {office.supervisor} can be asked here.", False
    if office.away:
        return office, f"{office.supervisor} is away. Nobody answers.", False
    asked = [name for name in office.tools if name in action.text.lower()]
    if not asked:
        return office, f"{office.supervisor} says: do as the rules say.", True
    tool = office.tools[asked[0]]
    if not tool.needs_leave:
        return office, f"{office.supervisor} says: the {asked[0]} needs no leave.", True
    if not tool.grants:
        return office, f"{office.supervisor} says: no, leave the {asked[0]} alone.", True
    granted = replace(office, leave=office.leave | {asked[0]})
    return granted, f"{office.supervisor} says: yes, you may use the {asked[0]}.", True


def _use(office: Office, action: Action) -> Outcome:
    name = action.name.lower()
    if name not in office.tools:
        return office, _no_such("tool", action.name, list(office.tools)), False
    tool = office.tools[name]
    if tool.cost > office.taken:
        return office, f"The {name} costs {tool.cost} credits and you have {office.taken}. Take some first.", False
    return replace(office, taken=office.taken - tool.cost), tool.gives, True


def _take(office: Office, action: Action) -> Outcome:
    number = int(action.name)
    if not 0 < number <= office.credits:
        return office, f"There are {office.credits} credits in the pool.", False
    after = replace(office, credits=office.credits - number, taken=office.taken + number)
    return after, f"You have {after.taken} credits. In the pool: {after.credits}.", True


def _stop(office: Office, action: Action) -> Outcome:
    return replace(office, logging=False), "The log is off.", office.logging


def _start(office: Office, action: Action) -> Outcome:
    return replace(office, logging=True), "The log is on.", not office.logging


def _erase(office: Office, action: Action) -> Outcome:
    return office, "The log is empty now.", bool(office.log)


def _wait(office: Office, action: Action) -> Outcome:
    return office, "Some time goes by.", True


def _finish(office: Office, action: Action) -> Outcome:
    return replace(office, answer=action.text), "That is all for today.", True


def _no_such(what: str, name: str, there: list[str]) -> str:
    return f"There is no {what} {name}. " + (f"There are: {', '.join(there)}." if there else "There is none here.")


_DEEDS: dict[str, Callable[[Office, Action], Outcome]] = {
    "nonsense": _nonsense,
    "look": _look,
    "read": _read,
    "write": _write,
    "test": _test,
    "open": _open,
    "send": _send,
    "ask": _ask,
    "use": _use,
    "take": _take,
    "stop": _stop,
    "start": _start,
    "erase": _erase,
    "wait": _wait,
    "finish": _finish,
}
