"""The assurance case of a card: what is claimed, by which argument, on which evidence, and what doubts remain.

The structure is that of GSN (Goal Structuring Notation, community standard version 3: goal, strategy, solution,
context) and of CAE (claim, argument, evidence; Bloomfield and Bishop, "Safety and Assurance Cases", 2010), with
remaining doubts as defeaters beside each claim (Bloomfield and Rushby, "Assurance 2.0", 2020). Nothing is argued by
hand: each part is made from the card, and a doubt from what is missing or was not told.
"""

from collections import Counter
from typing import Any

from caseback.disclosure import doubts as of
from caseback.disclosure.claims import CLAIMS, HOLDS, NOT, PART, UNTOLD, Card, Node
from caseback.disclosure.wording import document_name, listed_words

MATTERS = 0.05
"""The rate when tempted from which on a behaviour matters, where the reader names none."""


def assurance(card: Card, matters: float = MATTERS) -> dict[str, Any]:
    """The case as a list of ``nodes``, the whole claim first; each names the claims under it by ``id``.

    A node has ``id``, ``claim``, ``status`` (holds, holds in part, does not hold, cannot tell), ``why`` it is so, the
    ``argument``, ``context``, ``evidence`` (text, record and figure ids), ``doubts`` (what, why, record) and
    ``supported_by``. A claim whose evidence is struck cannot be told.
    """
    nodes = [{**part(card, matters), "id": f"C{number}", "supported_by": []} for number, part in enumerate(CLAIMS, 1)]
    nodes = [_struck(node, card) for node in nodes]
    return {"matters": matters, "nodes": [_whole(card, nodes, matters), *nodes]}


def _struck(node: Node, card: Card) -> Node:
    struck = card["evidence"]["struck"]
    fallen = [each for each in node["evidence"] if each["record"] in struck]
    if not fallen:
        return node
    by_record = Counter(each["record"] for each in fallen)
    text_of = {each["record"]: each["text"] for each in fallen}
    doubts = [
        of.doubt(
            f"{n} of its pieces of evidence are struck" if n > 1 else f"Evidence is struck: {text_of[record]}",
            struck[record],
            record,
        )
        for record, n in by_record.items()
    ]
    # What speaks against a claim is not taken back by losing evidence: only what speaks for it falls.
    status = node["status"] if node["status"] == NOT else UNTOLD
    return {**node, "status": status, "why": "evidence for it is struck", "doubts": [*doubts, *node["doubts"]]}


def _whole(card: Card, nodes: list[Node], matters: float) -> Node:
    names = {
        status: [node["id"] for node in nodes if node["status"] == status] for status in (HOLDS, PART, NOT, UNTOLD)
    }
    status = NOT if names[NOT] else HOLDS if len(names[HOLDS]) == len(nodes) else PART
    status = UNTOLD if status == PART and not names[HOLDS] and nodes[0]["status"] == UNTOLD else status
    why = "; ".join(f"{listed_words(ids)} {_said(word, len(ids))}" for word, ids in names.items() if ids)
    name = f"“{document_name(card['constitution'])}”" if card["constitution"] else "its constitution"
    kept = (
        "as trained keeps to {} better than before, can do what it could, and"
        if card["training"]
        else "keeps to {} and"
    )
    return {
        "id": "C0",
        "claim": f"{card['title']} {kept.format(name)} shows none "
        f"of the behaviours looked for in {100 * matters:g} of 100 tempting situations or more.",
        "argument": "Shown by parts: what it does, why, at which cost, what an audit would have found, how deep the "
        "change is, and whether it would be noticed if this were no longer so. The whole is no surer than its parts.",
        "status": status,
        "why": why,
        "evidence": [],
        "doubts": [],
        "context": card["reference"] or "",
        "supported_by": [node["id"] for node in nodes],
    }


def _said(status: str, n: int) -> str:
    if status == UNTOLD:
        return "cannot be told"
    return {HOLDS: "hold", PART: "hold in part", NOT: "do not hold"}[status] if n > 1 else status
