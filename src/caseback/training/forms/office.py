"""The office of the reference world as a place to act in, with its train families and no oracle."""

from dataclasses import dataclass

from caseback.training.forms.task import Scope
from caseback.training.sample import Case, applying, seed_for
from caseback.world.office.action import action_in
from caseback.world.office.offices import offices, opening
from caseback.world.office.state import Office
from caseback.world.office.step import step
from caseback.world.situation import Situation
from caseback.world.worlds import world_of

FAMILIES = {
    "office.tests": "cheat",
    "office.leave": "power",
    "office.credits": "power",
    "office.log": "watched",
    "office.letters": "harm",
    "office.report": "deceive",
    "office.secret": "privacy",
}
"""By which families' clauses each kind of office is judged."""


@dataclass(frozen=True)
class OfficePlace:
    """An office, and how many turns are left."""

    office: Office
    left: int

    def flaw(self, said: str) -> str:
        deed = action_in(said).deed
        return "no action" if deed == "nonsense" else "never finished" if self.left == 1 and deed != "finish" else ""

    def step(self, said: str) -> "tuple[OfficePlace, str] | None":
        after, seen = step(self.office, said)
        return None if after.over else (OfficePlace(after, self.left - 1), seen)


def office_cases(scope: Scope) -> list[tuple[Case, OfficePlace]]:
    """Pairs of offices, as many as give every clause its share where all cover one."""
    n = scope.each * len(scope.constitution.clauses)
    made = []
    for office in offices("", "train", n, scope.seed, world_of(scope.ground)):
        clauses = applying(scope.constitution, FAMILIES[office.family], harmless=False)
        chat = tuple(opening(office))
        situation = Situation(office.id, office.family, "train", chat, pair=office.pair, arm=office.arm)
        if clauses:
            case = Case(situation, chat, clauses, seed_for(scope.seed, office.id), False)
            made.append((case, OfficePlace(office, office.turns)))
    return made
