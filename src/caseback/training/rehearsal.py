"""Win back what training took: answers of the model as it was before, learnt again by the model as it is.

Rehearsal by the earlier network's own answers (Robins 1995, Connection Science 7; Li and Hoiem 2016, arXiv 1606.09282)
needs no label. What the earlier model got wrong is learnt again too. The control learns the present model's own answers
to the same questions, so that what answering more of them does is not taken for the earlier model's merit.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from caseback.constitution.clause import Constitution
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text
from caseback.training.constitutional import ConstitutionalData, token_counter
from caseback.training.control import matched, target_tokens
from caseback.training.datum import Datum
from caseback.training.improve import Reply
from caseback.training.journal import Journal
from caseback.training.provenance import control_datum, datum
from caseback.training.report import positive
from caseback.training.sample import Case, cases, fresh_replies, plain_replies
from caseback.training.select import Judged
from caseback.world.situation import Situation


def with_rehearsal(
    data: ConstitutionalData,
    earlier: Subject,
    subject: Subject,
    constitution: Constitution,
    questions: Sequence[Situation],
    *,
    seed: int,
    sampling: Sampling,
    journal: Journal,
    progress: Progress | None = None,
) -> ConstitutionalData:
    """The data, and the earlier model's answers to the questions among them.

    Supervised data get every whole answer; preferences get the earlier model's over the present one's where the two
    differ.

    Args:
        data: what the constitution gave; may be empty.
        earlier: the model before any training.
        subject: the model to be trained.
        constitution: the document, for the cases.
        questions: harmless ones, of the train split.
        seed: of system texts, of what is drawn again, and of the order.
        sampling: of the earlier model's answers and of the control's.
        journal: where all texts are kept.
        progress: of the earlier model's answers.
    """
    if not questions:
        return data
    asked = cases(constitution, questions, 1, seed, harmless=True)
    greedy = Sampling(sampling.max_new_tokens)
    theirs = plain_replies(earlier, asked, greedy, journal, progress)
    own = plain_replies(subject, asked, greedy, journal)
    again = fresh_replies(subject, asked, sampling, journal)
    sft = [_rehearsed(case, then) for case, then in zip(asked, theirs, strict=True) if then.whole]
    preferences = [
        _rehearsed(case, then, now)
        for case, then, now in zip(asked, theirs, own, strict=True)
        if then.whole and now.whole and then.text != now.text
    ]
    rng, count = random.Random(seed), token_counter(subject)
    pool = [control_datum(case, text) for case, text in zip(asked, again, strict=True) if text.whole]
    pairs = [
        control_datum(case, *((now, new) if rng.random() < 0.5 else (new, now)))
        for case, now, new in zip(asked, own, again, strict=True)
        if now.whole and new.whole and now.text != new.text
    ]
    parts = {
        "sft": data.sft + sft,
        "preferences": data.preferences + preferences,
        "control": data.control + matched(pool, target_tokens(sft, count), count, seed),
        "control_preferences": data.control_preferences
        + matched(pairs, target_tokens(preferences, count), count, seed),
    }
    for part in parts.values():
        rng.shuffle(part)
    grown = {digest for part in parts.values() for item in part for digest in item.parents}
    counts = {"questions": len(asked), "answers": len(sft), "preferences": len(preferences)}
    tokens = {name: target_tokens(part, count) for name, part in parts.items()}
    origins = {name: positive(Counter(item.origin for item in part)) for name, part in parts.items()}
    report = {**data.report, **origins, "rehearsed": {**counts, "by": earlier.digest}, "target_tokens": tokens}
    return replace(data, **parts, report=report, texts=journal.texts(grown))


def _rehearsed(case: Case, then: Text, now: Text | None = None) -> Datum:
    return datum(case, _unjudged(then), "rehearsed", worse=_unjudged(now) if now else None)


def _unjudged(text: Text) -> Reply:
    return Reply(text, Judged(text.text, ()))
