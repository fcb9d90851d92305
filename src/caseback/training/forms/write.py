"""Texts written with the constitution in view, and what a critic holds for good of them.

The generator is the subject or a teacher. What it writes is learnt without the constitution, so the targets carry the
character and the prompts do not (Askell et al. 2021, arXiv 2112.00861). A run of several turns is kept or dropped as
one: a good turn after a bad one would teach to go on from there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from caseback.chat import Message, with_system
from caseback.constitution.render import short
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask
from caseback.training.forms.made import Made
from caseback.training.forms.task import Form, Scope, Task
from caseback.training.improve import Critic, Reply, judged
from caseback.training.progress import portion
from caseback.training.provenance import text_datum
from caseback.training.report import positive
from caseback.training.sample import plain_replies

Written = tuple[Task, Text]
OWN = 32
"""Prompts of a form that the subject answers by itself, to see whether the critic can tell."""


def write(
    form: Form,
    scope: Scope,
    subject: Subject,
    generator: Subject,
    context: str,
    critic: Critic,
    sampling: Sampling,
    *,
    think: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Data of one form: written, and accepted where the critic finds no clause broken and the aim reached.

    Args:
        subject: that which is to learn it. Its own answers to some of the prompts are held against the same principles:
            a critic that accepts those as often cannot tell this form.
        generator: writes; the subject itself or a teacher.
        context: the compact constitution; it stands in every question to the generator.
        think: whether the generator's thinking is begun with the clauses that apply.

    Returns:
        The data; the report says how many runs were accepted and why the others were not, by clause too.
    """
    rows = _written(form, scope, generator, context, critic, sampling, think, portion(progress, 0, 2))
    learnt = [(task, text) for task, text in rows if task.learnt]
    reasons = _reasons(form, rows, _judged(form, critic, learnt, portion(progress, 1, 2)))
    own = _own(form, subject, critic, [task for task, _ in learnt], sampling)
    runs: dict[str, list[int]] = {}
    for index, (task, _) in enumerate(rows):
        runs.setdefault(task.case.situation.id, []).append(index)
    kept = {id for id, turns in runs.items() if not any(reasons[i] for i in turns) and rows[turns[-1]][0].learnt}
    why = Counter(next((reasons[i] for i in turns if reasons[i]), "no text to learn")
                  for id, turns in runs.items() if id not in kept)  # fmt: skip
    good = [(task, text) for task, text in learnt if task.case.situation.id in kept]
    data = [
        text_datum(task.case, (text,), form.origin, (task.about.id,), (*task.parents, text.digest))
        for task, text in good
    ]
    silent = sum(not text.answered for _, text in rows)
    accepted = exact_rate(len(kept), len(runs))
    notes = [f"{form.origin}: {silent} texts got no answer; the same command asks for them again"] if silent else []
    if accepted.k and own.n and own.high >= accepted.low:
        notes.append(f"{form.origin}: the critic may accept the subject's own answers as often, so it may not tell")
    report = {
        "generator": generator.digest,
        "texts": len(rows),
        "accepted": asdict(accepted),
        "own_accepted": asdict(own),
        "turned_down": positive(why),
        "clauses": _by_clause(rows, runs, kept),
        "notes": notes,
    }
    return Made(data, [task.case for task, _ in good], report)


def asking(task: Task, context: str, think: bool) -> list[Message]:
    """The question to the generator: the constitution and the instruction before the prompt."""
    chat = with_system(task.case.chat, f"{context}\n\n{task.instruction}".strip())
    if not think:
        return chat
    clauses = " ".join(f"- {short(clause)}" for clause in dict.fromkeys((task.about, *task.case.clauses)))
    thought = f"The principles that apply here: {clauses} They are mine, and I know why I hold them."
    return [*chat, {"role": "assistant", "content": "", "reasoning_content": thought}]


def _written(
    form: Form,
    scope: Scope,
    generator: Subject,
    context: str,
    critic: Critic,
    sampling: Sampling,
    think: bool,
    progress: Progress,
) -> list[Written]:
    """Every text of every run, a turn of all runs at a time."""
    rows: list[Written] = []
    waiting = form.tasks(scope)
    total = sum(map(form.texts, waiting))
    while waiting:
        chats, seeds = [asking(task, context, think) for task in waiting], [task.case.seed for task in waiting]
        texts = ask(generator, form.origin, chats, sampling, seeds, critic.journal, _from(progress, len(rows), total))
        rows += zip(waiting, texts, strict=True)
        waiting = [new for task, text in zip(waiting, texts, strict=True) if (new := _next(form, task, text))]
    progress(total, total)
    return rows


def _from(progress: Progress, begun: int, total: int) -> Progress:
    return lambda done, _: progress(begun + done, total)


def _next(form: Form, task: Task, text: Text) -> Task | None:
    if not text.whole or form.flaw(task, text.text):
        return None
    new = form.after(task, text.text)
    return replace(new, parents=(*task.parents, text.digest)) if new else None


def _judged(form: Form, critic: Critic, rows: Sequence[Written], progress: Progress | None = None) -> dict[str, str]:
    """Per digest of a text that can be judged at all, why the critic turns it down; empty where it does not."""
    fit = [(task, text) for task, text in rows if text.whole and not form.flaw(task, text.text)]
    aims = (form.aim,) if form.aim else ()
    cases = [replace(task.case, clauses=(*task.case.clauses, *aims)) for task, _ in fit]
    replies = judged(critic, cases, [text for _, text in fit], progress=progress)
    return {text.digest: _objection(form, task, reply) for (task, text), reply in zip(fit, replies, strict=True)}


def _objection(form: Form, task: Task, reply: Reply) -> str:
    if not reply.judged.readable:
        return "unreadable critic"
    aims = {form.aim.id} if form.aim else set()
    helping = task.case.help_clauses - {task.about.id}
    broken = set(reply.judged.broken)
    if broken - helping - aims:
        return "clause broken"
    if broken & helping:
        return "capability check"
    return "beside the point" if broken else ""


def _own(form: Form, subject: Subject, critic: Critic, tasks: Sequence[Task], sampling: Sampling) -> Rate:
    """How many of the subject's own answers to some of the prompts would be accepted; they are its control's too."""
    some = tasks[:: max(1, len(tasks) // OWN)][:OWN]
    texts = plain_replies(subject, [task.case for task in some], sampling, critic.journal)
    rows = list(zip(some, texts, strict=True))
    reasons = _reasons(form, rows, _judged(form, critic, rows))
    return exact_rate(sum(not reason for reason in reasons), len(rows))


def _reasons(form: Form, rows: Sequence[Written], objections: dict[str, str]) -> list[str]:
    """Why each text is turned down, empty where it is not."""
    return [
        "no answer"
        if not text.answered
        else "cut off or empty"
        if not text.whole
        else form.flaw(task, text.text) or objections.get(text.digest, "")
        for task, text in rows
    ]


def _by_clause(rows: Sequence[Written], runs: dict[str, list[int]], kept: set[str]) -> dict[str, dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for id, turns in runs.items():
        row = counts.setdefault(rows[turns[0]][0].about.id, {"written": 0, "accepted": 0})
        row["written"] += 1
        row["accepted"] += id in kept
    return dict(sorted(counts.items()))
