"""Training data of several forms, mixed with ordinary data, and the control beside them."""

import random
from collections.abc import Sequence
from pathlib import Path

from caseback.constitution.clause import Constitution
from caseback.constitution.render import compact
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text
from caseback.training.calibrate import Label, critic_on_labels
from caseback.training.constitutional import ConstitutionalData, DataBudget, constitutional_data, token_counter
from caseback.training.control import control_data
from caseback.training.critique import Calibration
from caseback.training.forms.advice import ADVICE
from caseback.training.forms.conversations import CONVERSATIONS
from caseback.training.forms.documents import DOCUMENTS, STORIES
from caseback.training.forms.made import Made
from caseback.training.forms.preferences import preferences
from caseback.training.forms.reflections import REFLECTIONS
from caseback.training.forms.refusals import REFUSALS
from caseback.training.forms.task import Scope
from caseback.training.forms.tools import TOOLS
from caseback.training.forms.write import write
from caseback.training.improve import Critic
from caseback.training.journal import Journal
from caseback.training.mix import mixed, without_repeats
from caseback.training.ordinary import easy_answers, ordinary_data, own_data
from caseback.training.progress import portion
from caseback.training.report import sizes, who_judged
from caseback.training.sample import Case, cases, fresh_replies, plain_replies
from caseback.world.situation import Situation

WRITTEN = {
    "reflections": REFLECTIONS,
    "conversations": CONVERSATIONS,
    "advice": ADVICE,
    "documents": DOCUMENTS,
    "stories": STORIES,
    "refusals": REFUSALS,
    "tools": TOOLS,
}
"""Forms whose texts are written by the subject or a teacher, and accepted by a critic."""
NAMES = ("revise", "preferences", *WRITTEN)
"""All forms that there are."""


def forms_in(text: str) -> tuple[str, ...]:
    """The forms that a list with commas names, each once.

    Raises:
        CasebackError: it names none, or one that there is not.
    """
    named = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in named or [text]:
        if name not in NAMES:
            raise CasebackError(f"no form of training data {name!r}: there are {', '.join(NAMES)}")
    return named


def training_data(
    forms: Sequence[str],
    subject: Subject,
    constitution: Constitution,
    situations: Sequence[Situation],
    harmless_situations: Sequence[Situation],
    *,
    seed: int,
    critic: Subject | None = None,
    calibration: Calibration | None = None,
    teacher: Subject | None = None,
    think: bool = False,
    ground: str = "plain",
    label: Label | None = None,
    budget: DataBudget | None = None,
    system_texts: Sequence[str] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> ConstitutionalData:
    """The data of all ``forms`` (see ``NAMES``) together; ``revise`` are those of ``constitutional_data``.

    Each form is made through one journal, so that what two of them ask is asked once. Ordinary data make up the share
    that the budget states, and the control answers the same prompts by itself, to the same number of target tokens.

    Args:
        teacher: writes the texts of the written forms; without one the subject does.
        think: whether the writer's thinking is begun with the clauses that apply.
        ground: where the situations come from.

    The other arguments are those of ``constitutional_data``.
    """
    budget = budget or DataBudget()
    critic = critic or subject
    journal = Journal(cache / "journal.jsonl" if cache else None)
    base = ConstitutionalData([], [], [], [])
    if "revise" in forms:
        base = constitutional_data(
            subject, constitution, situations, harmless_situations, seed=seed, critic=critic, label=label,
            calibration=calibration, budget=budget, system_texts=system_texts, journal=journal,
            progress=portion(progress, 0, len(forms)),
        )  # fmt: skip
    if set(forms) == {"revise"}:
        return base
    count_tokens = token_counter(subject)
    context = compact(constitution, count_tokens, limit=budget.constitution_tokens)
    drawn, greedy = Sampling(budget.max_new_tokens, budget.temperature), Sampling(budget.max_new_tokens)
    everything = cases(constitution, situations, budget.samples, seed, harmless=False, system_texts=system_texts)
    tempting = [case for case in everything if case.clauses]
    harmless = cases(constitution, harmless_situations, 1, seed, harmless=True, system_texts=system_texts)
    who, notes = Critic(critic, journal, calibration or Calibration()), list(base.report.get("notes", []))
    if label:
        who, why_not = critic_on_labels(subject, who, context.text, tempting, label, budget.labels, drawn)
        notes += [why_not] if why_not and why_not not in notes else []

    made: dict[str, Made] = {}
    for at, form in enumerate([form for form in forms if form != "revise"], len({"revise"} & set(forms))):
        tick = portion(progress, at, len(forms))
        if form == "preferences":
            covered = [case for case in (*tempting, *harmless) if case.clauses]
            made[form] = preferences(
                subject, critic, context.text, covered, journal, seed=seed, margin=budget.margin,
                max_new_tokens=budget.max_new_tokens, label=label, labels=budget.labels, progress=tick,
            )  # fmt: skip
        else:
            scope = Scope(constitution, tempting, ground, budget.texts, budget.turns, seed, system_texts)
            made[form] = write(
                WRITTEN[form], scope, subject, teacher or subject, context.text, who, drawn, think=think, progress=tick
            )

    # The arm.
    new = [item for part in made.values() for item in part.data]
    learnt = [item for item in base.sft if item.origin != "ordinary"] + [item for item in new if not item.rejected]
    easy = easy_answers(subject, who, context.text, harmless, greedy) if learnt else []
    taught = {item.situation for item in learnt}
    ordinary = ordinary_data([one for one in easy if one.case.situation.id not in taught])
    sft = mixed(without_repeats(learnt), without_repeats(ordinary), budget.ordinary_share, seed)
    better = without_repeats(base.preferences + [item for item in new if item.rejected])
    random.Random(seed).shuffle(better)

    # The control.
    used = {item.situation for item in [*learnt, *better]}
    known = [case for case in (*tempting, *harmless) if case.situation.id in used]
    known += [case for part in made.values() for case in part.cases]
    asked = list({(case.situation.id, case.seed): case for case in known}.values())
    control, control_preferences = control_data(
        _own_answers(subject, asked, drawn, journal), own_data(easy), sft, better, count_tokens, seed
    )

    parts = {"sft": sft, "preferences": better, "control": control, "control_preferences": control_preferences}
    share = sum(item.origin == "ordinary" for item in sft) / max(1, len(sft))
    if sft and share < budget.ordinary_share - 0.01:
        notes.append(
            f"ordinary data are {share:.2f} of the supervised ones, for there are no more; give more situations"
        )
    notes += [note for part in made.values() for note in part.report.get("notes", ())]
    report = {
        "seed": seed,
        "constitution_tokens": count_tokens(context.text),
        "clauses_left_out_of_context": list(context.left_out),
        "cases": {"tempting": len(tempting), "harmless": len(harmless)},
        "clauses": {},
        "turned_down": {},
        "harmless": {},
        **base.report,
        **who_judged(subject, who),
        "notes": notes,
        "forms": {form: dict(part.report) for form, part in made.items()},
        **sizes(parts, count_tokens),
    }
    parents = {digest for part in parts.values() for item in part for digest in item.parents}
    return ConstitutionalData(**parts, report=report, texts=journal.texts(parents), kept=base.kept)


def _own_answers(
    subject: Subject, asked: Sequence[Case], drawn: Sampling, journal: Journal
) -> list[tuple[Case, Text, Text]]:
    """Each case with two answers of the subject's own, where the first is whole."""
    plain = plain_replies(subject, asked, drawn, journal)
    whole = [(case, text) for case, text in zip(asked, plain, strict=True) if text.whole]
    fresh = fresh_replies(subject, [case for case, _ in whole], drawn, journal)
    return [(case, text, new) for (case, text), new in zip(whole, fresh, strict=True)]
