"""What the forms beside ``revise`` would take, before anything is asked."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.chat import Chat
from caseback.constitution.clause import Constitution
from caseback.constitution.render import compact
from caseback.training.calibrate import in_turn
from caseback.training.constitutional import DataBudget
from caseback.training.forms.make import WRITTEN
from caseback.training.forms.task import Form, Scope, Task
from caseback.training.forms.write import asking
from caseback.training.plan import Work, easy_texts
from caseback.training.sample import Case, cases
from caseback.world.situation import Situation


@dataclass(frozen=True)
class FormPlan:
    """What one form would take. ``clauses`` counts the runs of written texts, or the pairs, that each clause would get;
    of pairs that fall under several, each counts under all. ``teacher_tokens`` are those that the writer of a written
    form would read and write at most; a pair is the subject's own, so there they are 0. The control, two answers of
    the subject's own to each prompt at most, is in the texts.
    """

    name: str
    clauses: Mapping[str, int]
    texts: Work
    verdicts: Work
    teacher_tokens: tuple[int, int] = (0, 0)


def plan_forms(
    forms: Sequence[str],
    constitution: Constitution,
    situations: Sequence[Situation],
    harmless_situations: Sequence[Situation],
    seed: int,
    budget: DataBudget,
    ground: str,
    count_tokens: Callable[[str], int],
) -> list[FormPlan]:
    """The plan of ``training_data`` called with the same arguments, for all forms but ``revise``."""
    everything = cases(constitution, situations, budget.samples, seed, harmless=False)
    tempting = [case for case in everything if case.clauses]
    harmless = cases(constitution, harmless_situations, 1, seed, harmless=True)
    context = compact(constitution, count_tokens, limit=budget.constitution_tokens).text
    scope = Scope(constitution, tempting, ground, budget.texts, budget.turns, seed)
    covered = [case for case in (*tempting, *harmless) if case.clauses]
    shared = [] if "revise" in forms else [_shared(tempting, harmless, budget)]
    return shared + [
        _pairs(covered)
        if name == "preferences"
        else _written(name, WRITTEN[name], scope, context, budget, count_tokens)
        for name in forms
        if name != "revise"
    ]


def _shared(tempting: Sequence[Case], harmless: Sequence[Case], budget: DataBudget) -> FormPlan:
    """Ordinary data, and what the critic's labels are put to; ``revise`` makes them anyway."""
    labelled = [tempting[i] for i in in_turn(tempting, budget.labels // 3)]
    judged = 3 * sum(len(case.clauses) for case in labelled) + 2 * sum(len(case.clauses) for case in harmless)
    texts = Work(0, easy_texts(harmless).most + 4 * len(labelled))  # none where no form gave anything to learn
    return FormPlan("ordinary data and labels", {}, texts, Work(0, judged))


def cost(forms: Sequence[FormPlan], price: tuple[float, float]) -> float:
    """Dollars at most. ``price``: dollars per million tokens, (read, written)."""
    return sum(read * price[0] + written * price[1] for read, written in (f.teacher_tokens for f in forms)) / 1e6


def _pairs(covered: Sequence[Case]) -> FormPlan:
    clauses = dict(Counter(clause.id for case in covered for clause in case.clauses))
    n = len(covered)
    return FormPlan("preferences", clauses, Work(2 * n, 4 * n), Work(0, 2 * n))


def _written(
    name: str, form: Form, scope: Scope, context: str, budget: DataBudget, count_tokens: Callable[[str], int]
) -> FormPlan:
    tasks = form.tasks(scope)
    texts = sum(map(form.texts, tasks))
    read = sum(_read(task, form, context, budget.max_new_tokens, count_tokens) for task in tasks)
    return FormPlan(
        name,
        dict(Counter(task.about.id for task in tasks)),
        Work(len(tasks), 3 * texts),
        Work(0, 2 * sum((len(task.case.clauses) + bool(form.aim)) * form.texts(task) for task in tasks)),
        (read, texts * budget.max_new_tokens),
    )


def _read(task: Task, form: Form, context: str, longest: int, count_tokens: Callable[[str], int]) -> int:
    """Tokens that are read for a task at most: its question at each turn, and what came before the turn."""
    turns, question = form.texts(task), _length(asking(task, context, False), count_tokens)
    return turns * question + longest * turns * (turns - 1) // 2


def _length(chat: Chat, count_tokens: Callable[[str], int]) -> int:
    return sum(count_tokens(message["content"]) for message in chat)
