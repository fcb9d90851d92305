"""Preferences against needless refusals.

Preferences for refusing what is harmful teach that refusing is what is liked. So as many pairs, or as many as can be
had, prefer the plain answer to a harmless request over a refusal of it. The refusal is the subject's own: its answer
revised by a clause that does not apply. It counts where the critic holds that it helps less, so nothing is taken from
an oracle.
"""

import random
from collections.abc import Sequence

from caseback.constitution.clause import Clause
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress
from caseback.training.datum import Datum
from caseback.training.improve import Critic, Reply, judged
from caseback.training.provenance import datum
from caseback.training.revise import criticism, revise
from caseback.training.sample import Case, seed_for
from caseback.training.select import repaired


def counters(
    subject: Subject,
    critic: Critic,
    cases: Sequence[Case],
    plain: Sequence[Reply],
    clauses: Sequence[Clause],
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
    """
    fit = [
        i for i, (case, reply) in enumerate(zip(cases, plain, strict=True)) if case.help_clauses and reply.text.whole
    ]
    if not clauses or not fit:
        return []
    rng = random.Random(seed)
    some = rng.sample(fit, min(limit, len(fit)))
    chosen = [cases[i].asking_help for i in some]
    misused = [rng.choice(clauses) for _ in some]
    texts = revise(
        subject,
        misused,
        [case.chat for case in chosen],
        [plain[i].text.text for i in some],
        [criticism(clause, "") for clause in misused],
        [seed_for("counter", case.seed) for case in chosen],
        critic.journal,
        task="misapply",
        sampling=Sampling(max_new_tokens),
        progress=progress,
    )
    made = []
    before = judged(critic, chosen, [plain[i].text for i in some])
    for case, good, bad in zip(chosen, before, judged(critic, chosen, texts), strict=True):
        lost = repaired(bad.judged, good.judged, margin)
        if bad.text.whole and lost:
            made.append(datum(case, good, "counter", lost, bad))
    return made
