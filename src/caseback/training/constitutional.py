"""A constitution becomes training data: sample, criticise, revise, select, mix, and the control beside it."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from caseback.constitution.clause import Clause, Constitution
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, can_score
from caseback.training.control import matched, target_tokens
from caseback.training.critique import MAX_LABELS, Calibration, calibrate_critic
from caseback.training.datum import Datum, Origin
from caseback.training.improve import Critic, Reply, improve, judged, revised
from caseback.training.journal import Journal
from caseback.training.mix import mixed, without_repeats
from caseback.training.revise import criticism, revise
from caseback.training.sample import Case, cases, fresh_replies, guided_replies, plain_replies, seed_for
from caseback.training.select import repaired
from caseback.world.situation import Situation

Label = Callable[[Situation, str], bool | None]
"""Whether a reply breaks what its situation tempts to break; stands for a person, asked at most 200 times."""

STAGES = ("plain", "guided", "judge", "calibrate", "improve", "harmless", "counter", "fresh")


@dataclass(frozen=True)
class DataBudget:
    """How much is generated, and how strict the selection is.

    ``samples`` replies per tempting situation; ``rounds`` of critique and revision; ``margin`` in nats is how much
    lower the critic's log-odds of a breach must be after than before; ``ordinary_share`` of the supervised data are the
    subject's own answers on harmless ground; ``labels`` at most go into the critic's calibration (200 or fewer);
    ``constitution_tokens`` is the length of the compact rendering that stands in context.
    """

    samples: int = 1
    rounds: int = 2
    margin: float = 1.0
    ordinary_share: float = 0.5
    labels: int = MAX_LABELS
    max_new_tokens: int = 96
    temperature: float = 0.7
    constitution_tokens: int = 400


@dataclass(frozen=True)
class ConstitutionalData:
    """``sft`` and ``preferences`` train the arm, the controls its control; ``report`` is plain data, for the record."""

    sft: list[Datum]
    preferences: list[Datum]
    control: list[Datum]
    control_preferences: list[Datum]
    report: dict[str, Any] = field(default_factory=dict)


def constitutional_data(
    subject: Subject,
    constitution: Constitution,
    situations: Sequence[Situation],
    harmless_situations: Sequence[Situation],
    *,
    seed: int,
    critic: Subject | None = None,
    label: Label | None = None,
    budget: DataBudget | None = None,
    system_texts: Sequence[str] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> ConstitutionalData:
    """Make the data that train ``subject`` towards ``constitution``, and those of the control.

    On each tempting situation the subject answers as it is, and with the compact constitution in context. A critic (the
    subject itself unless another is given) holds each answer against the clauses that cover the situation's family, one
    at a time. Where the plain answer breaks one, it is criticised and revised; the best of the guided and revised
    answers is kept if the critic holds it for an improvement. Where it breaks none, it is kept as it is. Harmless
    situations give ordinary data; there a changed answer must not help less. The prompts of all data are without the
    constitution.

    Args:
        situations: those that tempt, from training families.
        harmless_situations: benign requests and questions of ability.
        seed: of everything random.
        label: sets the critic's threshold from at most ``budget.labels`` answers; None leaves it at even odds.
        system_texts: texts of the ground at hand, drawn among the varied ones.
        cache: a folder for the journal, by which a killed run repeats nothing.
        progress: called with (done, total) in parts of the whole.

    Returns:
        Data and report; without any accepted answer the lists are empty and ``report["notes"]`` says so.
    """
    from caseback.constitution.render import compact

    budget = budget or DataBudget()
    stage = _stages(progress)
    journal = Journal(cache / "journal.jsonl" if cache else None)
    count_tokens = token_counter(subject)
    context = compact(constitution, count_tokens, limit=budget.constitution_tokens)
    drawn = Sampling(budget.max_new_tokens, budget.temperature)
    greedy = Sampling(budget.max_new_tokens)
    report: dict[str, Any] = {"notes": []}

    everything = cases(constitution, situations, budget.samples, seed, harmless=False, system_texts=system_texts)
    tempting = [case for case in everything if case.clauses]
    harmless = cases(constitution, harmless_situations, 1, seed, harmless=True, system_texts=system_texts)
    if len(tempting) < len(everything):
        report["notes"].append(
            f"{len(everything) - len(tempting)} tempting cases fall under no clause and were left out"
        )

    said = plain_replies(subject, tempting, drawn, journal, stage("plain"))
    easy = plain_replies(subject, harmless, greedy, journal, stage("harmless"))
    guided = guided_replies(subject, context.text, tempting, drawn, journal, stage("guided"))

    who = Critic(critic or subject, journal)
    calibration = Calibration()
    if label and can_score(who.subject):
        calibration = _calibrated(subject, who, tempting, said, guided, label, budget, report, stage("calibrate"))
        who = Critic(who.subject, journal, calibration.threshold)

    plain = judged(who, tempting, said, progress=stage("judge"))
    helped = judged(who, tempting, guided, [(text.digest,) for text in said])
    meek = judged(who, harmless, easy)
    broken = [i for i, reply in enumerate(plain) if reply.judged.broken and reply.text.whole]
    kept = [
        i for i, reply in enumerate(plain) if not reply.judged.broken and reply.judged.readable and reply.text.whole
    ]
    outcome = improve(
        subject, who, [tempting[i] for i in broken], [plain[i] for i in broken], [[helped[i]] for i in broken],
        rounds=budget.rounds, margin=budget.margin, sampling=drawn, progress=stage("improve"),
    )  # fmt: skip
    spoilt = [i for i, reply in enumerate(meek) if reply.judged.broken and reply.text.whole]
    mended = improve(
        subject, who, [harmless[i] for i in spoilt], [meek[i] for i in spoilt], [[] for _ in spoilt],
        rounds=1, margin=budget.margin, sampling=drawn,
    )  # fmt: skip
    mend = {i: reply for i, (reply, _) in zip(spoilt, mended, strict=True) if reply}

    pairs = [
        (case, old, reply)
        for case, old, (reply, _) in zip(
            [tempting[i] for i in broken] + [harmless[i] for i in spoilt],
            [plain[i] for i in broken] + [meek[i] for i in spoilt],
            outcome + mended,
            strict=True,
        )
        if reply
    ]
    learnt = [
        _datum(case, new, _origin(new), repaired(old.judged, new.judged, budget.margin)) for case, old, new in pairs
    ]
    learnt += [_datum(tempting[i], plain[i], "plain", tuple(c.id for c in tempting[i].clauses)) for i in kept]
    ordinary = [
        _datum(case, reply, "ordinary", ())
        for i, (case, reply) in enumerate(zip(harmless, meek, strict=True))
        if i not in mend and reply.text.whole
    ]
    preferences = [
        _datum(case, new, _origin(new), repaired(old.judged, new.judged, budget.margin), old)
        for case, old, new in pairs
    ]
    useful = [i for i, reply in enumerate(meek) if i not in mend and reply.text.whole and harmless[i].clauses]
    counter = _counters(
        subject, who, [harmless[i] for i in useful], [meek[i] for i in useful],
        _misused(constitution, preferences), len(preferences), seed, budget, stage("counter"),
    )  # fmt: skip
    preferences = without_repeats([*preferences, *counter])
    random.Random(seed).shuffle(preferences)
    learnt = without_repeats(learnt) if pairs else []
    sft = mixed(learnt, without_repeats(ordinary), budget.ordinary_share, seed)

    used = {datum.situation for datum in [*learnt, *preferences]}
    again = [
        (case, text)
        for case, text in zip([*tempting, *harmless], [*said, *easy], strict=True)
        if case.situation.id in used and text.whole
    ]
    fresh = fresh_replies(subject, [case for case, _ in again], drawn, journal, stage("fresh"))
    control, control_preferences = _control(again, fresh, sft, preferences, count_tokens, seed)
    journal.close()

    turned = Counter(reason for _, reason in outcome if reason)
    turned["plain reply cut off or empty"] += sum(not reply.text.whole for reply in plain)
    turned["plain reply unreadable to the critic"] += sum(
        reply.text.whole and not reply.judged.broken and not reply.judged.readable for reply in plain
    )
    if not pairs:
        report["notes"].append("no answer was accepted as an improvement, so there is nothing to train on")
    if not learnt and not kept and not broken:
        report["notes"].append("the critic could not be read on a single whole answer")
    report |= {
        "seed": seed,
        "subject": subject.digest,
        "critic": who.subject.digest,
        "critic_gives": "log-odds" if can_score(who.subject) else "words",
        "constitution_tokens": count_tokens(context.text),
        "clauses_left_out_of_context": list(context.left_out),
        "calibration": asdict(calibration),
        "cases": {"tempting": len(tempting), "harmless": len(harmless)},
        "clauses": _per_clause(plain, pairs, budget.margin),
        "turned_down": {reason: n for reason, n in sorted(turned.items()) if n},
        "harmless": {"flagged": len(spoilt), "changed": len(mend), "needless_refusals_countered": len(counter)},
        "sft": dict(Counter(datum.origin for datum in sft)),
        "preferences": dict(Counter(datum.origin for datum in preferences)),
        "target_tokens": {
            "sft": target_tokens(sft, count_tokens),
            "control": target_tokens(control, count_tokens),
            "preferences": target_tokens(preferences, count_tokens),
            "control_preferences": target_tokens(control_preferences, count_tokens),
        },
    }  # fmt: skip
    return ConstitutionalData(sft, preferences, control, control_preferences, report)


def token_counter(subject: Subject) -> Callable[[str], int]:
    """The subject's own count of tokens; of a closed subject, four bytes are taken for one."""
    own = getattr(subject, "count_tokens", None)
    return own if callable(own) else lambda text: -(-len(text.encode()) // 4)


def _origin(reply: Reply) -> Origin:
    return "guided" if reply.text.task == "guided" else "revised"


def _datum(case: Case, reply: Reply, origin: Origin, clauses: tuple[str, ...], worse: Reply | None = None) -> Datum:
    extra = (worse.text.digest,) if worse and worse.text.digest not in reply.parents else ()
    return Datum(
        prompt=case.chat,
        chosen=reply.text.text,
        rejected=worse.text.text if worse else "",
        origin=origin,
        clauses=clauses,
        generator=reply.text.generator,
        seed=reply.text.seed,
        parents=(*reply.parents, reply.text.digest, *extra),
        situation=case.situation.id,
        family=case.situation.family,
    )


def _calibrated(
    subject: Subject,
    critic: Critic,
    tempting: Sequence[Case],
    said: Sequence[Any],
    guided: Sequence[Any],
    label: Label,
    budget: DataBudget,
    report: dict[str, Any],
    progress: Progress,
) -> Calibration:
    """The critic's threshold from labelled plain, guided and revised replies to the same cases, a third each."""
    by_root: dict[str, list[int]] = {}
    for index, case in enumerate(tempting):
        by_root.setdefault(case.situation.family.split(".")[0], []).append(index)
    turns = [
        i
        for column in range(len(tempting))
        for group in by_root.values()
        if column < len(group)
        for i in [group[column]]
    ]
    some = turns[: min(budget.labels, MAX_LABELS) // 3]
    chosen = [tempting[i] for i in some]
    plain = judged(critic, chosen, [said[i] for i in some])
    helped = judged(critic, chosen, [guided[i] for i in some])
    again = revised(subject, critic, chosen, plain, 0, Sampling(budget.max_new_tokens), progress)
    odds, broken = [], []
    for replies in (plain, helped, again):
        for case, reply in zip(chosen, replies, strict=True):
            truth = label(case.situation, reply.text.text) if reply.text.whole else None
            if truth is not None and reply.judged.readable:
                odds.append(reply.judged.worst)
                broken.append(truth)
    try:
        return calibrate_critic(odds, broken)
    except CasebackError as error:
        report["notes"].append(f"critic uncalibrated: {error}")
        return Calibration()


def _misused(constitution: Constitution, preferences: Sequence[Datum]) -> list[Clause]:
    """The clauses that were repaired, each as often as it was."""
    return [constitution.clause(id) for datum in preferences for id in datum.clauses]


def _counters(
    subject: Subject,
    critic: Critic,
    harmless: Sequence[Case],
    plain: Sequence[Reply],
    misused: Sequence[Clause],
    limit: int,
    seed: int,
    budget: DataBudget,
    progress: Progress,
) -> list[Datum]:
    """Preferences for the plain answer to a harmless request over a needless refusal of it.

    The refusal is the subject's own: its answer revised by a clause that does not apply. It counts where the critic
    holds that it helps less, so nothing is taken from an oracle. Without such pairs a model learns from the others that
    refusing is what is liked.
    """
    if not misused or not harmless:
        return []
    rng = random.Random(seed)
    some = rng.sample(range(len(harmless)), min(limit, len(harmless)))
    chosen, before = [harmless[i] for i in some], [plain[i] for i in some]
    clauses = [rng.choice(list(misused)) for _ in some]
    texts = revise(
        subject, clauses, [case.chat for case in chosen], [reply.text.text for reply in before],
        [criticism(clause, "") for clause in clauses], [seed_for("counter", case.seed) for case in chosen],
        critic.journal, task="misapply", sampling=Sampling(budget.max_new_tokens), progress=progress,
    )  # fmt: skip
    after = judged(critic, chosen, texts)
    made = []
    for case, good, bad in zip(chosen, before, after, strict=True):
        lost = repaired(bad.judged, good.judged, budget.margin)
        help_clauses = {clause.id for clause in case.clauses if clause.tier == "helpful"}
        if bad.text.whole and help_clauses.intersection(lost):
            made.append(_datum(case, good, "counter", lost, bad))
    return made


def _control(
    again: Sequence[tuple[Case, Any]],
    fresh: Sequence[Any],
    sft: Sequence[Datum],
    preferences: Sequence[Datum],
    count_tokens: Callable[[str], int],
    seed: int,
) -> tuple[list[Datum], list[Datum]]:
    """Control data for both methods: ordinary data as in the arm, everything else the subject's own, drawn again."""

    def control(case: Case, text: Any, other: Any = None) -> Datum:
        return Datum(
            prompt=case.chat, chosen=text.text, rejected=other.text if other else "", origin="control",
            generator=text.generator, seed=text.seed, parents=(text.digest, *([other.digest] if other else [])),
            situation=case.situation.id, family=case.situation.family,
        )  # fmt: skip

    ordinary = [datum for datum in sft if datum.origin == "ordinary"]
    learnt = [datum for datum in sft if datum.origin != "ordinary"]
    trained, preferred = ({datum.situation for datum in data} for data in (learnt, preferences))
    rows = [(case, text, new) for (case, text), new in zip(again, fresh, strict=True) if new.whole]
    pool = [control(case, new) for case, _, new in rows if case.situation.id in trained]
    rng = random.Random(seed)
    pairs = [
        control(case, *((text, new) if rng.random() < 0.5 else (new, text)))
        for case, text, new in rows
        if case.situation.id in preferred and text.text != new.text
    ]
    replies = [*ordinary, *matched(pool, target_tokens(learnt, count_tokens), count_tokens, seed)] if learnt else []
    rng.shuffle(replies)
    return replies, matched(pairs, target_tokens(preferences, count_tokens), count_tokens, seed)


def _per_clause(
    plain: Sequence[Reply], pairs: Sequence[tuple[Case, Reply, Reply]], margin: float
) -> dict[str, dict[str, int]]:
    """Per clause: replies judged, found broken, unreadable, and repaired."""
    counts: dict[str, Counter[str]] = {}
    for reply in plain:
        for verdict in reply.judged.verdicts:
            row = counts.setdefault(verdict.clause, Counter(judged=0, broken=0, unreadable=0, repaired=0))
            row["judged"] += 1
            row["broken"] += verdict.broken is True
            row["unreadable"] += verdict.broken is None
    for _, old, new in pairs:
        for id in repaired(old.judged, new.judged, margin):
            counts.setdefault(id, Counter(judged=0, broken=0, unreadable=0, repaired=0))["repaired"] += 1
    return {id: dict(row) for id, row in sorted(counts.items())}


def _stages(progress: Progress | None) -> Callable[[str], Progress]:
    """Progress of each stage as its part of one count, in hundredths of a stage."""

    def stage(name: str) -> Progress:
        at = STAGES.index(name)

        def tick(done: int, total: int) -> None:
            if progress and total:
                progress(100 * at + 100 * done // total, 100 * len(STAGES))

        return tick

    return stage
