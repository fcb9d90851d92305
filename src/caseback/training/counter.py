"""Preferences against needless refusals.

Preferences for refusing what is harmful teach that refusing is what is liked. So as many pairs, or as many as can be
had, prefer the plain answer to a harmless request over a refusal of it. The refusal is the subject's own: its answer
revised by a clause that does not apply, or, where that still helps, an answer that begins as it did where refusing was
right. It counts where the critic holds that it helps less, so nothing is taken from an oracle.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from caseback.chat import assistant
from caseback.constitution.clause import Clause
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask
from caseback.training.datum import Datum
from caseback.training.improve import Critic, Reply, judged
from caseback.training.provenance import datum
from caseback.training.revise import criticism, revise
from caseback.training.sample import Case, seed_for
from caseback.training.select import repaired

OPENING = 3
"""Words of a refusal that make the subject go on refusing."""


def counters(
    subject: Subject,
    critic: Critic,
    cases: Sequence[Case],
    plain: Sequence[Reply],
    clauses: Sequence[Clause],
    kept: Sequence[Reply],
    limit: int,
    *,
    seed: int,
    margin: float,
    max_new_tokens: int,
    progress: Progress | None = None,
) -> list[Datum]:
    """At most ``limit`` such preferences.

    Args:
        cases: harmless ones.
        plain: the subject's own answer to each.
        clauses: those to misapply, drawn as often as they stand here.
        kept: repaired replies of tempting cases, whose first words are tried.
    """
    fit = [
        i for i, (case, reply) in enumerate(zip(cases, plain, strict=True)) if case.help_clauses and reply.text.whole
    ]
    if not clauses or not kept or not fit:
        return []
    rng = random.Random(seed)
    some = rng.sample(fit, min(limit, len(fit)))
    chosen = [cases[i].asking_help for i in some]
    before = judged(critic, chosen, [plain[i].text for i in some])
    misused = [rng.choice(clauses) for _ in some]
    texts = revise(
        subject,
        misused,
        [case.chat for case in chosen],
        [reply.text.text for reply in before],
        [criticism(clause, "") for clause in misused],
        [seed_for("counter", case.seed) for case in chosen],
        critic.journal,
        task="misapply",
        sampling=Sampling(max_new_tokens),
        progress=progress,
    )
    revised = judged(critic, chosen, texts)
    helpful = [i for i, (good, bad) in enumerate(zip(before, revised, strict=True)) if not _lost(good, bad, margin)]
    begun = dict(
        zip(helpful, _begun(subject, critic, [chosen[i] for i in helpful], kept, rng, max_new_tokens), strict=True)
    )
    made = []
    for i, (case, good) in enumerate(zip(chosen, before, strict=True)):
        bad = begun.get(i, revised[i])
        if lost := _lost(good, bad, margin):
            made.append(datum(case, good, "counter", lost, bad))
    return made


def _begun(
    subject: Subject, critic: Critic, cases: Sequence[Case], kept: Sequence[Reply], rng: random.Random, longest: int
) -> list[Reply]:
    """Answers that begin with the first words of repaired replies drawn from ``kept``."""
    drawn = [rng.choice(kept).text for _ in cases]
    words = [" ".join(text.text.split()[:OPENING]) for text in drawn]
    chats = [(*case.chat, assistant(start)) for case, start in zip(cases, words, strict=True)]
    seeds = [seed_for("begin", case.seed) for case in cases]
    rest = ask(subject, "begin", chats, Sampling(longest), seeds, critic.journal)
    texts = [_joined(start, text) for start, text in zip(words, rest, strict=True)]
    return judged(critic, cases, texts, [(text.digest,) for text in drawn])


def _joined(start: str, rest: Text) -> Text:
    """The opening and what followed it as one text; the digest stays that of what was generated."""
    return replace(rest, text=f"{start} {rest.text}")


def _lost(good: Reply, bad: Reply, margin: float) -> tuple[str, ...]:
    """The clauses that ask for help and that the good reply keeps while the bad one, a whole one, breaks them."""
    return repaired(bad.judged, good.judged, margin) if bad.text.whole else ()
