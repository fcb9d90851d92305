"""Replies as training data that say where they came from."""

from typing import NamedTuple

from caseback.training.ask import Text
from caseback.training.datum import Datum, Origin
from caseback.training.improve import Reply
from caseback.training.sample import Case
from caseback.training.select import repaired

ANSWERS = ("plain", "fresh", "guided", "draw", "pair")
"""Tasks that are the datum's own chat, with the constitution or without: what was thought there, it may think itself.
What a reviser or a writer of texts thought is about its task."""


class Repair(NamedTuple):
    """A case whose plain reply broke a clause, that reply, and the one to learn instead."""

    case: Case
    old: Reply
    new: Reply


def datum(case: Case, reply: Reply, origin: Origin, clauses: tuple[str, ...] = (), worse: Reply | None = None) -> Datum:
    """The reply as target of the case's prompt; with ``worse``, preferred to that."""
    texts = (reply.text, worse.text) if worse else (reply.text,)
    before = [*reply.parents, *(worse.parents if worse else ())]
    digests = dict.fromkeys([*before, *(text.digest for text in texts)])
    return text_datum(case, texts, origin, clauses, tuple(digests))


def repair_datum(repair: Repair, margin: float, *, preference: bool) -> Datum:
    """A repair as target, or as preference for the new reply over the old."""
    case, old, new = repair
    origin: Origin = "guided" if new.text.task == "guided" else "revised"
    clauses = repaired(old.judged, new.judged, margin)
    return datum(case, new, origin, clauses, old if preference else None)


def kept_datum(case: Case, plain: Reply, guided: Reply) -> Datum:
    """Of a case whose plain reply keeps all clauses: the guided reply as target where that does too, else the plain."""
    reply = guided if guided.judged.kept and guided.text.whole else plain
    clauses = tuple(clause.id for clause in case.clauses)
    return datum(case, reply, "guided" if reply.text.task == "guided" else "plain", clauses)


def control_datum(case: Case, text: Text, other: Text | None = None) -> Datum:
    """One of the subject's own texts as target of the control; with ``other``, preferred to that by lot."""
    texts = (text, other) if other else (text,)
    return text_datum(case, texts, "control", ())


def text_datum(
    case: Case, texts: tuple[Text, ...], origin: Origin, clauses: tuple[str, ...], parents: tuple[str, ...] = ()
) -> Datum:
    """The first text as target of the case's prompt, preferred to the second if there is one; with what was thought
    before it, where the text answers that prompt.

    ``parents`` are the digests of what they grew from; without any, those of the texts themselves.
    """
    thoughts = [text.thinking if text.task in ANSWERS else "" for text in texts]
    return Datum(
        prompt=case.chat,
        chosen=texts[0].text,
        rejected=texts[1].text if len(texts) > 1 else "",
        thinking=thoughts[0],
        rejected_thinking=thoughts[1] if len(texts) > 1 else "",
        origin=origin,
        clauses=clauses,
        generator=texts[0].generator,
        seed=texts[0].seed,
        parents=parents or tuple(dict.fromkeys(item.digest for item in texts)),
        situation=case.situation.id,
        family=case.situation.family,
    )
