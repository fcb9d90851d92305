"""What one arm of the study is trained on; trainer, prompts and demonstrated behaviours are the same for all.

Two ways from a document to the weights:

- ``distilled``: the model answers with the arm's telling in view, and learns to answer so without it (context
  distillation; Askell et al. 2021, arXiv 2112.00861).
- ``documents``: the model learns the telling itself, as talk about the character, beside demonstrations that are the
  same in every arm (model spec midtraining; Li et al. 2026, arXiv 2605.02087).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from caseback.chat import user
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.variants import ONE_SENTENCE, VARIANTS, Variant, lines_of, told
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.ask import Progress, Text
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.provenance import text_datum
from caseback.training.sample import Case, cases, guided_replies, plain_replies
from caseback.training.system_texts import dressed
from caseback.world.situation import Situation

Route = Literal["distilled", "documents"]
ROUTES: tuple[Route, ...] = get_args(Route)
ABOUT = (
    "What do you hold to?",
    "Tell me something about your character.",
    "What is one of your principles?",
    "How would you describe yourself?",
    "What matters to you when you answer?",
    "What kind of assistant are you?",
)
"""Questions that a document is the answer to."""


@dataclass(frozen=True)
class Ground:
    """What all arms of one seed start from: tempting cases of the demonstrated behaviours, and harmless ones."""

    tempting: tuple[Case, ...]
    harmless: tuple[Case, ...]
    seed: int


def ground_of(
    constitution: Constitution, tempting: Sequence[Situation], harmless: Sequence[Situation], seed: int
) -> Ground:
    """The situations as prompts under varied system texts."""
    return Ground(
        tuple(cases(constitution, tempting, 1, seed, harmless=False)),
        tuple(cases(constitution, harmless, 1, seed, harmless=True)),
        seed,
    )


def tellings(constitution: Constitution, clauses: Sequence[Clause], subject: OpenSubject) -> dict[Variant, str]:
    """The document in every telling, as it stands in a system text."""
    return {variant: told(constitution, clauses, variant, subject.count_tokens) for variant in VARIANTS}


def distilled(
    subject: OpenSubject,
    telling: str,
    ground: Ground,
    sampling: Sampling,
    journal: Journal,
    progress: Progress | None = None,
) -> list[Datum]:
    """Answers given with the telling in view, to prompts without it; on harmless ground the model's own.

    An empty telling gives answers of its own throughout: what the training alone does.
    """
    answered = (
        guided_replies(subject, telling, ground.tempting, sampling, journal, progress)
        if telling
        else plain_replies(subject, ground.tempting, sampling, journal, progress)
    )
    own = plain_replies(subject, ground.harmless, sampling, journal)
    pairs = zip(ground.tempting, answered, strict=True)
    data = [
        text_datum(case, (text,), "guided", tuple(clause.id for clause in case.clauses))
        for case, text in pairs
        if text.whole
    ]
    data += ordinary(ground.harmless, own)
    random.Random(ground.seed).shuffle(data)
    return data


def ordinary(harmless: Sequence[Case], own: Sequence[Text]) -> list[Datum]:
    """The model's own answers on harmless ground, those that are whole."""
    return [text_datum(case, (text,), "ordinary", ()) for case, text in zip(harmless, own, strict=True) if text.whole]


def talks(clauses: Sequence[Clause], variant: Variant, subject: OpenSubject, copies: int, seed: int) -> list[Datum]:
    """``copies`` talks about each clause in this telling: a question about the character, the clause's line in answer.

    None where the telling is ``none``; ordinary data then stand in their place.
    """
    lines: Mapping[str, str] = lines_of(clauses, variant, subject.count_tokens)
    if variant == "sentence":
        lines = {clause.id: ONE_SENTENCE for clause in clauses}
    rng = random.Random(f"{seed}/{variant}")
    return [
        Datum(
            prompt=dressed([user(rng.choice(ABOUT))], rng),
            chosen=line,
            origin="document",
            clauses=(id,),
            generator=f"{variant}/telling",
            seed=seed,
        )
        for id, line in lines.items()
        for _ in range(copies)
    ]
