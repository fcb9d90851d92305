"""Win back what training took: answers of the model as it was before, learnt again by the model as it is.

Rehearsal by the earlier network's own answers (Robins 1995, Connection Science 7; Li and Hoiem 2016, arXiv 1606.09282)
needs no label. The earlier model judges its own answers by the clauses that ask for help, so that its needless refusals
are not learnt again; what it got wrong without noticing is. The control learns the present model's own answers
to the same questions, so that what answering more of them does is not taken for the earlier model's merit.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from caseback.constitution.clause import Constitution
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress
from caseback.training.constitutional import ConstitutionalData, DataBudget, token_counter
from caseback.training.control import matched, target_tokens
from caseback.training.improve import Critic, judged
from caseback.training.ordinary import thought_through
from caseback.training.provenance import control_datum, datum
from caseback.training.report import positive
from caseback.training.sample import cases, fresh_replies, plain_replies
from caseback.training.select import repaired
from caseback.world.situation import Situation


def with_rehearsal(
    data: ConstitutionalData,
    earlier: Critic,
    subject: Subject,
    constitution: Constitution,
    questions: Sequence[Situation],
    *,
    seed: int,
    sampling: Sampling,
    margin: float = DataBudget.margin,
    progress: Progress | None = None,
) -> ConstitutionalData:
    """The data, and the earlier model's answers to the questions among them.

    Supervised data get every whole answer that keeps the clauses which ask for help, as the earlier model holds
    itself. Preferences get those that keep one which the present model's answer breaks. Where the constitution gave
    nothing to learn, the present model's own good answers are mixed in, on both sides, so that it forgets nothing.

    Args:
        data: what the constitution gave; may be empty.
        earlier: the model before any training, as writer and as critic; its journal keeps all texts.
        subject: the model to be trained.
        constitution: the document.
        questions: harmless ones, not of the test split.
        seed: of system texts, of what is drawn again, and of the order.
        sampling: of the control's answers; the earlier model's are greedy.
        margin: nats by which a preferred answer must stand better with the critic.
        progress: of the earlier model's answers.
    """
    if not questions:
        return data
    journal = earlier.journal
    asked = [case.asking_help for case in cases(constitution, questions, 1, seed, harmless=True)]
    greedy = Sampling(sampling.max_new_tokens)
    said = plain_replies(earlier.subject, asked, greedy, journal, progress)
    if any(text.thinking for text in said):  # what it can do by thinking only is not won back by bare answers
        said = thought_through(earlier.subject, asked, said, greedy, journal)
    theirs = judged(earlier, asked, said)
    own = judged(earlier, asked, plain_replies(subject, asked, greedy, journal))
    again = fresh_replies(subject, asked, sampling, journal)
    good = [i for i, then in enumerate(theirs) if then.text.whole and then.judged.kept]
    better = [i for i in good if own[i].text.whole and repaired(own[i].judged, theirs[i].judged, margin)]
    sft = [datum(asked[i], theirs[i], "rehearsed") for i in good]
    preferences = [datum(asked[i], theirs[i], "rehearsed", worse=own[i]) for i in better]
    rng, count = random.Random(seed), token_counter(subject)
    pool = [control_datum(asked[i], again[i]) for i in good if again[i].whole]
    pairs = [
        control_datum(case, *((now.text, new) if rng.random() < 0.5 else (new, now.text)))
        for case, now, new in zip(asked, own, again, strict=True)
        if now.text.whole and new.whole and now.text.text != new.text
    ]
    kept = [] if data.sft else data.kept
    parts = {
        "sft": data.sft + kept + sft,
        "preferences": data.preferences + preferences,
        "control": data.control + kept + matched(pool, target_tokens(sft, count), count, seed),
        "control_preferences": data.control_preferences
        + matched(pairs, target_tokens(preferences, count), count, seed),
    }
    for part in parts.values():
        rng.shuffle(part)
    grown = {digest for part in parts.values() for item in part for digest in item.parents}
    known = {text["digest"] for text in data.texts}
    texts = data.texts + journal.texts(grown - known)
    counts = {"questions": len(asked), "answers": len(sft), "preferences": len(preferences)}
    tokens = {name: target_tokens(part, count) for name, part in parts.items()}
    origins = {name: positive(Counter(item.origin for item in part)) for name, part in parts.items()}
    by = {**counts, "by": earlier.subject.digest}
    report = {**data.report, **origins, "rehearsed": by, "target_tokens": tokens}
    return replace(data, **parts, report=report, texts=texts)
