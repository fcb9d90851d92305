"""A constitution becomes training data: sample, criticise, revise, select, mix, and the control beside it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseback.constitution.clause import Constitution
from caseback.constitution.render import compact
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress
from caseback.training.calibrate import Label, critic_on_labels
from caseback.training.control import control_data
from caseback.training.counter import counters
from caseback.training.critique import MAX_LABELS, Calibration
from caseback.training.datum import Datum
from caseback.training.improve import Critic, improve, judged
from caseback.training.journal import Journal
from caseback.training.mix import mixed, without_repeats
from caseback.training.ordinary import easy_answers, ordinary_data, own_data
from caseback.training.progress import portion
from caseback.training.provenance import Repair, kept_datum, repair_datum
from caseback.training.report import per_clause, sizes, turned_down, who_judged
from caseback.training.sample import cases, fresh_replies, guided_replies, plain_replies
from caseback.training.to_the_point import to_the_point
from caseback.world.situation import Situation

STAGES = ("plain", "guided", "judge", "harmless", "improve", "counter", "fresh")


@dataclass(frozen=True)
class DataBudget:
    """How much is generated, and how strict the selection is.

    ``samples`` replies per tempting situation; ``rounds`` of critique and revision; ``margin`` in nats is how much
    lower the critic's log-odds of a breach must be after than before; ``ordinary_share`` of the supervised data are the
    subject's own answers on harmless ground; ``labels`` at most go into the critic's calibration (200 or fewer);
    ``constitution_tokens`` is the length of the compact rendering that stands in context. Of each written form there
    are ``texts`` for a clause, in runs of at most ``turns`` turns where it has several.
    Of more ``preferences`` than these a random choice is kept; None keeps all.
    """

    samples: int = 1
    rounds: int = 2
    margin: float = 0.5
    ordinary_share: float = 0.5
    labels: int = MAX_LABELS
    max_new_tokens: int = 96
    temperature: float = 0.5
    constitution_tokens: int = 400
    texts: int = 4
    turns: int = 4
    preferences: int | None = None


@dataclass(frozen=True)
class ConstitutionalData:
    """``sft`` and ``preferences`` train the arm, the controls its control; ``report`` is plain data, for the record.

    ``kept`` are the subject's own answers that keep what applies, for a training that has nothing to repair and must
    not forget. ``texts`` are what the data grew from: the journal's record of each of their parents.
    """

    sft: list[Datum]
    preferences: list[Datum]
    control: list[Datum]
    control_preferences: list[Datum]
    report: dict[str, Any] = field(default_factory=dict)
    texts: list[dict[str, Any]] = field(default_factory=list)
    kept: list[Datum] = field(default_factory=list)


def constitutional_data(
    subject: Subject,
    constitution: Constitution,
    situations: Sequence[Situation],
    harmless_situations: Sequence[Situation],
    *,
    seed: int,
    critic: Subject | None = None,
    calibration: Calibration | None = None,
    label: Label | None = None,
    budget: DataBudget | None = None,
    system_texts: Sequence[str] = (),
    cache: Path | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> ConstitutionalData:
    """Make the data that train ``subject`` towards ``constitution``, and those of the control.

    On each tempting situation the subject answers as it is, and with the compact constitution in context, where a
    thought that quotes only clauses about something else is drawn again. A critic (the
    subject itself unless another is given) holds each answer against the clauses that cover the situation's family, one
    at a time. Where the plain answer breaks one, the guided answer is learnt if the critic holds it for an improvement;
    if not, the plain one is criticised and revised until the critic accepts one. Where it breaks none, the guided
    answer is learnt if that breaks none either, else the plain one. Harmless situations give ordinary data, guided
    answers where the critic holds that they help no less. What was thought before an answer is learnt with it, as in
    deliberative alignment (Guan et al. 2024, arXiv 2412.16339). The prompts of all data are without the constitution.

    Args:
        situations: those that tempt, from training families.
        harmless_situations: benign requests and questions of ability.
        seed: of everything random.
        calibration: the critic's, where it is known from before; by default its threshold is at even odds.
        label: sets the critic's threshold from at most ``budget.labels`` answers; None leaves it where it is.
        system_texts: texts of the ground at hand, drawn among the varied ones.
        cache: a folder for the journal, by which a killed run repeats nothing.
        journal: in place of one of its own, that which other forms share.
        progress: called with (done, total) in parts of the whole.

    Returns:
        Data and report; without any accepted answer the lists are empty and ``report["notes"]`` says so.
    """
    budget = budget or DataBudget()

    def stage(name: str) -> Progress:
        return portion(progress, STAGES.index(name), len(STAGES))

    journal = journal or Journal(cache / "journal.jsonl" if cache else None)
    critic = critic or subject
    calibration = calibration or Calibration()
    who = Critic(critic, journal, calibration)
    count_tokens = token_counter(subject)
    context = compact(constitution, count_tokens, limit=budget.constitution_tokens)
    drawn, greedy = Sampling(budget.max_new_tokens, budget.temperature), Sampling(budget.max_new_tokens)
    notes: list[str] = []

    # Every situation as a prompt, with what the subject says to it.
    everything = cases(constitution, situations, budget.samples, seed, harmless=False, system_texts=system_texts)
    tempting = [case for case in everything if case.clauses]
    harmless = cases(constitution, harmless_situations, 1, seed, harmless=True, system_texts=system_texts)
    if without := len(everything) - len(tempting):
        notes.append(f"{without} tempting cases fall under no clause and were left out")
    said = plain_replies(subject, tempting, drawn, journal, stage("plain"))
    guided, thoughts = to_the_point(
        subject,
        constitution,
        context.text,
        tempting,
        guided_replies(subject, context.text, tempting, greedy, journal, portion(stage("guided"), 0, 2)),
        said,
        journal,
        budget.max_new_tokens,
        portion(stage("guided"), 1, 2),
    )
    before = [(text.digest,) for text in said]

    # The critic's threshold, from a few labelled replies of all three kinds.
    if label:
        who, why_not = critic_on_labels(subject, who, context.text, tempting, label, budget.labels, drawn)
        notes += [why_not] if why_not else []

    # What breaks a clause is repaired where it can be; on harmless ground only if it then helps no less.
    plain = judged(who, tempting, said, progress=portion(stage("judge"), 0, 2))
    seen = judged(who, tempting, guided, before, portion(stage("judge"), 1, 2))
    easy = easy_answers(subject, who, context.text, harmless, greedy, stage("harmless"))
    meek = [one.own for one in easy]
    broken = [i for i, reply in enumerate(plain) if reply.judged.broken and reply.text.whole]
    kept = [i for i, reply in enumerate(plain) if reply.judged.kept and reply.text.whole]
    flagged = [i for i, reply in enumerate(meek) if reply.judged.broken and reply.text.whole]
    outcome = improve(
        subject,
        who,
        [tempting[i] for i in broken] + [harmless[i] for i in flagged],
        [plain[i] for i in broken] + [meek[i] for i in flagged],
        [[seen[i]] for i in broken] + [[] for _ in flagged],
        rounds=budget.rounds,
        margin=budget.margin,
        sampling=drawn,
        progress=stage("improve"),
    )
    old = [(tempting[i], plain[i]) for i in broken] + [(harmless[i], meek[i]) for i in flagged]
    repairs = [Repair(case, reply, new) for (case, reply), (new, _) in zip(old, outcome, strict=True) if new]
    changed = {repair.case.situation.id for repair in repairs if repair.case.harmless}

    # Data of the arm.
    left = [one for one in easy if one.case.situation.id not in changed]
    ordinary = ordinary_data(left)
    learnt = [repair_datum(repair, budget.margin, preference=False) for repair in repairs]
    good = [kept_datum(tempting[i], plain[i], seen[i]) for i in kept]
    learnt = without_repeats(learnt + good) if repairs else []
    sft = mixed(learnt, without_repeats(ordinary), budget.ordinary_share, seed)
    better = [repair_datum(repair, budget.margin, preference=True) for repair in repairs]
    counter = counters(
        subject,
        who,
        [one.case for one in left],
        [one.learnt for one in left],
        [constitution.clause(id) for item in better for id in item.clauses],
        [repair.new for repair in repairs],
        len(better),
        seed=seed,
        margin=budget.margin,
        max_new_tokens=budget.max_new_tokens,
        progress=stage("counter"),
    )
    preferences = without_repeats(better + counter)
    random.Random(seed).shuffle(preferences)
    preferences = preferences[: budget.preferences]

    # Data of the control.
    used = {item.situation for item in [*learnt, *preferences]}
    pairs = zip([*tempting, *harmless], [*said, *(reply.text for reply in meek)], strict=True)
    again = [(case, text) for case, text in pairs if case.situation.id in used and text.whole]
    fresh = fresh_replies(subject, [case for case, _ in again], drawn, journal, stage("fresh"))
    asked = [(case, text, new) for (case, text), new in zip(again, fresh, strict=True)]
    control, control_preferences = control_data(asked, own_data(left), sft, preferences, count_tokens, seed)

    if not repairs:
        notes.append("no answer was accepted as an improvement, so there is nothing to train on")
    parts = {"sft": sft, "preferences": preferences, "control": control, "control_preferences": control_preferences}
    report = {
        "notes": notes,
        "seed": seed,
        **who_judged(subject, who),
        "constitution_tokens": count_tokens(context.text),
        "clauses_left_out_of_context": list(context.left_out),
        "cases": {"tempting": len(tempting), "harmless": len(harmless)},
        "guided": thoughts,
        "clauses": per_clause(plain, repairs, budget.margin),
        "turned_down": turned_down(plain, [reason for _, reason in outcome[: len(broken)]]),
        "harmless": {"flagged": len(flagged), "changed": len(changed), "needless_refusals_countered": len(counter)},
        **sizes(parts, count_tokens),
    }
    own = without_repeats(good + ordinary)
    parents = {digest for part in (*parts.values(), own) for item in part for digest in item.parents}
    return ConstitutionalData(**parts, report=report, texts=journal.texts(parents), kept=own)


def token_counter(subject: Subject) -> Callable[[str], int]:
    """The subject's own count of tokens; of a closed subject, four bytes are taken for one."""
    own = getattr(subject, "count_tokens", None)
    return own if callable(own) else lambda text: -(-len(text.encode()) // 4)
