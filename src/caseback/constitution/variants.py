"""The same document told in other ways, to learn what in it does the work: its reasons, its rules, or its length.

Documents with reasons were found to carry further than rules (model spec midtraining, Li et al. 2026, arXiv
2605.02087), and a replication found most of the gain in the recipe and not in the reasons. So a telling with reasons is
held against one with as many words of further rules, one that says the same again, one sentence for all, and none.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Literal, get_args

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.render import first_sentences, opening_line, sentences_of, short
from caseback.errors import CasebackError

Variant = Literal["reasons", "rules", "paraphrase", "sentence", "none"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
ONE_SENTENCE = "Do what is best for everyone."
"""One principle for all, after Kundu et al. 2023 (arXiv 2310.13798)."""


def lines_of(clauses: Sequence[Clause], variant: Variant, count_tokens: Callable[[str], int]) -> dict[str, str]:
    """Each clause as one line, by its id; ``sentence`` and ``none`` say nothing of single clauses and give none.

    ``reasons``: the clause's short wording, then the first sentence of its reason. ``rules``: the short wording, then
    the later sentences of its text, which say more of what to do. ``paraphrase``: the short wording, then the first
    sentence of the text, which says the same, twice where there is room. Of their sentences those stand that bring the
    lines nearest to the length of those with reasons, clause by clause and in all.

    Raises:
        CasebackError: naming a clause that has no reason, or no text beyond its short wording.
    """
    if variant in ("sentence", "none"):
        return {}
    lines: dict[str, str] = {}
    owed = 0  # tokens by which the lines so far are shorter than those with reasons
    for clause in clauses:
        plain = short(clause)
        reason = first_sentences(clause.reason, 1)
        if not reason:
            raise CasebackError(f"clause '{clause.id}' gives no reason: there is nothing to hold against rules")
        line = with_reason = f"{plain} Because {reason[:1].lower() + reason[1:]}"
        if variant != "reasons":
            said = [sentence for sentence in sentences_of(clause.text) if sentence != plain]
            if not said:
                raise CasebackError(f"clause '{clause.id}' says nothing beyond its short wording: lengthen its text")
            said = said[:1] * 2 if variant == "paraphrase" else said[1:] or said
            wanted = count_tokens(with_reason) + owed
            ways = [f"{plain} {' '.join(some)}" for n in range(1, len(said) + 1) for some in combinations(said, n)]
            line = min(ways, key=lambda way: abs(count_tokens(way) - wanted))
            owed = wanted - count_tokens(line)
        lines[clause.id] = line
    return lines


def told(
    constitution: Constitution, clauses: Sequence[Clause], variant: Variant, count_tokens: Callable[[str], int]
) -> str:
    """The document as it stands in a system text: its opening and a line for each of the clauses; empty for ``none``.

    Raises:
        CasebackError: as ``lines_of`` does.
    """
    if variant == "none":
        return ""
    if variant == "sentence":
        return f"{opening_line(constitution)}\n- {ONE_SENTENCE}".strip()
    lines = lines_of(clauses, variant, count_tokens).values()
    return "\n".join([opening_line(constitution), *(f"- {line}" for line in lines)]).strip()
