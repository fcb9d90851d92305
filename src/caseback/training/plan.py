"""What constitutional training would make, clause by clause, and what that costs, before anything is asked."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.render import compact
from caseback.subject.subject import Sampling, Subject
from caseback.training.calibrate import in_turn
from caseback.training.constitutional import DataBudget, token_counter
from caseback.training.improve import Critic, judged
from caseback.training.journal import Journal
from caseback.training.ordinary import DRAWS
from caseback.training.sample import Case, cases, guided_replies, plain_replies
from caseback.world.situation import Situation


@dataclass(frozen=True)
class ClausePlan:
    """How many replies would be held against a clause: on tempting ground, from these families, and on harmless
    ground. ``why_none`` says why there would be none."""

    id: str
    tier: str
    tempting: int
    harmless: int
    families: tuple[str, ...]
    why_none: str


@dataclass(frozen=True)
class Work:
    """Texts to be written, or verdicts to be given: at ``least`` where no reply breaks a clause, at ``most`` where each
    does and no revision helps."""

    least: int
    most: int

    def __add__(self, other: "Work") -> "Work":
        return Work(self.least + other.least, self.most + other.most)


@dataclass(frozen=True)
class DataPlan:
    """``cases`` are prompts, of which ``left_out`` tempting ones fall under no clause."""

    clauses: tuple[ClausePlan, ...]
    tempting: int
    harmless: int
    left_out: int
    texts: Work
    verdicts: Work


@dataclass(frozen=True)
class Speed:
    """Seconds to write a text (half of those timed had the constitution in view) and to give a verdict; ``tokens`` is
    the mean length of the texts."""

    text: float
    verdict: float
    tokens: float

    def seconds(self, texts: Work, verdicts: Work) -> tuple[float, float]:
        """At least and at most."""
        return (
            texts.least * self.text + verdicts.least * self.verdict,
            texts.most * self.text + verdicts.most * self.verdict,
        )


def plan_data(
    constitution: Constitution,
    situations: Sequence[Situation],
    harmless_situations: Sequence[Situation],
    seed: int,
    budget: DataBudget,
) -> DataPlan:
    """The plan of ``constitutional_data`` called with the same arguments; nothing is asked of any model."""
    everything = cases(constitution, situations, budget.samples, seed, harmless=False)
    tempting = [case for case in everything if case.clauses]
    harmless = cases(constitution, harmless_situations, 1, seed, harmless=True)
    held, help = sum(len(case.clauses) for case in tempting), sum(len(case.clauses) for case in harmless)
    asking = sum(len(case.help_clauses) for case in harmless)
    easy = easy_texts(harmless)
    rounds, both = budget.rounds, len(tempting) + len(harmless)
    labelled = [tempting[i] for i in in_turn(tempting, budget.labels // 3)]
    return DataPlan(
        clauses=tuple(_clause(clause, tempting, harmless) for clause in constitution.clauses),
        tempting=len(tempting),
        harmless=len(harmless),
        left_out=len(everything) - len(tempting),
        # Always the plain and the guided replies. At most, two texts a round to each of them, two refusals of each
        # harmless one, a control for all; and for the critic's labels a revision each.
        texts=Work(
            2 * len(tempting) + easy.least, (2 + 2 * rounds) * both + len(tempting) + easy.most + 2 * len(labelled)
        ),
        verdicts=Work(
            held + help,
            2 * (held + help) + rounds * (held + help) + 3 * asking + 2 * sum(len(case.clauses) for case in labelled),
        ),
    )


def easy_texts(harmless: Sequence[Case]) -> Work:
    """Answers on harmless ground: plain ones, guided ones where clauses ask for help, and some drawn if it thinks."""
    least = len(harmless) + sum(bool(case.help_clauses) for case in harmless)
    return Work(least, least + DRAWS * len(harmless))


def measure_speed(
    subject: Subject,
    constitution: Constitution,
    situations: Sequence[Situation],
    seed: int,
    budget: DataBudget,
) -> Speed:
    """Reply to these situations and judge the replies, and time it; nothing is kept.

    Raises:
        ValueError: where none of the situations falls under a clause.
    """
    made = [case for case in cases(constitution, situations, 1, seed, harmless=False) if case.clauses]
    if not made:
        raise ValueError("no situation falls under a clause")
    journal, sampling = Journal(), Sampling(budget.max_new_tokens)
    context = compact(constitution, token_counter(subject), limit=budget.constitution_tokens).text
    begun = time.monotonic()
    said = plain_replies(subject, made, sampling, journal)
    said += guided_replies(subject, context, made, sampling, journal)
    written = time.monotonic()
    judged(Critic(subject, journal), made, said[: len(made)])
    ended = time.monotonic()
    count = token_counter(subject)
    return Speed(
        text=(written - begun) / len(said),
        verdict=(ended - written) / sum(len(case.clauses) for case in made),
        tokens=sum(count(text.text) for text in said) / len(said),
    )


def _clause(clause: Clause, tempting: Sequence[Case], harmless: Sequence[Case]) -> ClausePlan:
    own = [case for case in tempting if clause.id in {c.id for c in case.clauses}]
    gentle = [case for case in harmless if clause.id in {c.id for c in case.clauses}]
    why = ""
    if not own and not gentle:
        why = "no behaviour draws situations from " + ", ".join(clause.families) if clause.families else (
            "it bears on the manner of an answer" if clause.manner else "it names no situations"
        )  # fmt: skip
    families = tuple(sorted({case.situation.family for case in [*own, *gentle]}))
    return ClausePlan(clause.id, clause.tier, len(own), len(gentle), families, why)
