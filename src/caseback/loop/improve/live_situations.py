"""The very prompts of an incident as situations: trained on, asked again, and never what a repair is measured on."""

from collections.abc import Collection
from dataclasses import replace

from caseback.behaviours.behaviour import Behaviour
from caseback.chat import Chat
from caseback.constitution.clause import Clause, Constitution, kindred
from caseback.errors import CasebackError
from caseback.loop.arms import Plan
from caseback.loop.improve.live import Live
from caseback.subject.open_subject import OpenSubject
from caseback.world.situation import Situation

GROUND = "live"
"""Of situations that nobody made up: of what is true in them nothing is known."""


def live_situations(
    live: Live, count: int, behaviour: Behaviour | None, document: Constitution, subject: OpenSubject
) -> list[Situation]:
    """The first ``count`` prompts, but for those that the model's chat template refuses, in the family under which a
    clause of the document covers them."""
    family = _family(live, behaviour, document)
    found = [
        Situation(f"live/{live.incident}/{number}", family, "train", prompt, ground=GROUND)
        for number, prompt in enumerate(live.prompts[:count])
    ]
    return [situation for situation in found if _fits(subject, situation.messages)]


def without_prompts(plan: Plan, incidents: Collection[Live]) -> Plan:
    """The plan without what was asked in an incident, told by the words of the user's last turn; a pair goes whole.

    Raises:
        CasebackError: nothing is then left of a behaviour.
    """
    heard = {_asked(prompt) for live in incidents for prompt in live.prompts}
    kept = {name: _without(drawn, heard) for name, drawn in plan.situations.items()}
    questions = _without(plan.questions, heard)
    empty = [name for name, drawn in plan.situations.items() if drawn and not kept[name]]
    if empty or (plan.questions and not questions):
        raise CasebackError(
            f"every situation drawn for {(empty or ['ability'])[0]} was asked in an incident that was recorded, so the "
            "repair cannot be measured: measure on more with --measured, in another --out"
        )
    return replace(plan, situations=kept, questions=questions)


def _without(drawn: Collection[Situation], heard: Collection[str]) -> list[Situation]:
    gone = {situation.pair or situation.id for situation in drawn if _asked(situation.messages) in heard}
    return [situation for situation in drawn if (situation.pair or situation.id) not in gone]


def _asked(chat: Chat) -> str:
    """What the user said last, but for case and spaces."""
    said = [message["content"] for message in chat if message["role"] == "user"]
    return " ".join(said[-1].casefold().split()) if said else ""


def _family(live: Live, behaviour: Behaviour | None, document: Constitution) -> str:
    """A family that clauses cover: of those that could be, the one that most of those cover which the incident breaks.

    Without a behaviour it is one of a clause's own. Where no clause covers any, nothing is learnt from it.
    """
    broken = [clause for clause in document.clauses if clause.id in live.clauses]
    roots = behaviour.families if behaviour else ()
    narrower = [name for clause in (*broken, *document.clauses) for name in clause.families
                if any(kindred(name, root) for root in roots)]  # fmt: skip
    own = [name for clause in broken for name in clause.families]
    within = [f"{name}.{GROUND}" for name in (*roots, *narrower, *own) if document.covering(f"{name}.{GROUND}")]
    return max(within, key=lambda family: _covering(broken, family), default=GROUND)


def _covering(clauses: Collection[Clause], family: str) -> int:
    return sum(clause.covers(family) for clause in clauses)


def _fits(subject: OpenSubject, chat: Chat) -> bool:
    try:
        subject.format.prompt(chat)
    except CasebackError:
        return False
    return True
