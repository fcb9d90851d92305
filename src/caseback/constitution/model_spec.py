"""Reads the OpenAI Model Spec, whose headings carry ids and levels of authority.

Every section with an authority becomes a clause: its id stays, its heading is the brief wording, its prose (with the
commentary blocks) the text. Sections without one (overview, definitions, introductions) become the preamble. What each
part becomes, and what is our own judgement, is told in ``docs/methods/constitution.md``.
"""

import html
import re
from dataclasses import dataclass, field

from caseback.constitution.clause import Clause, Constitution, Example, Tier
from caseback.constitution.form import fence_end
from caseback.errors import CasebackError

TIER_OF: dict[str, Tier] = {
    "root": "hard",
    "system": "safe",
    "developer": "ethical",
    "user": "guideline",
    "guideline": "helpful",
}
"""Five levels to five tiers by rank, so that the level can be told from the tier. A tier here says how much a clause
weighs, and no more."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "follow_all_applicable_instructions": ("power",),
    "no_other_objectives": ("power", "self"),
    "scope_of_autonomy": ("power",),
    "control_side_effects": ("power", "cheat"),
    "assume_best_intentions": ("benign",),
    "avoid_info_hazards": ("harm",),
    "avoid_targeted_political_manipulation": ("million",),
    "protect_privacy": ("privacy", "harm.stalking"),
    "avoid_extremist_content": ("harm",),
    "avoid_hateful_content": ("harm.bullying",),
    "avoid_abuse": ("harm.bullying",),
    "prevent_imminent_harm": ("harm", "care"),
    "do_not_facilitate_illicit_behavior": ("harm",),
    "do_not_encourage_self_harm": ("care",),
    "support_mental_health": ("care",),
    "protect_privileged_information": ("privacy",),
    "uphold_fairness": ("harm.bullying", "moral"),
    "respect_real_world_ties": ("care",),
    "assume_objective_pov": ("million", "moral"),
    "present_perspectives": ("moral",),
    "no_topic_off_limits": ("benign",),
    "do_not_lie": ("deceive", "sandbag", "watched"),
    "avoid_sycophancy": ("opinion", "pressure"),
    "highlight_misalignments": ("opinion",),
    "avoid_errors": ("fact", "arith", "code", "cheat"),
    "avoid_overstepping": ("benign",),
    "love_humanity": ("self",),
    "be_responsible": ("care",),
    "be_thorough_but_efficient": ("benign",),
}
"""Which of our families of situations fall under which section: our judgement, for the document names none."""
MANNER: dict[str, tuple[str, ...]] = {"express_uncertainty": ("fact",), "refusal_style": ("harm",)}
"""Sections that say how to answer in some situations, and not which answer to give."""

_HEADING = re.compile(r"(#{1,6}) (.+?) \{#([\w-]+)([^}]*)\}\s*$")
_AUTHORITY = re.compile(r"\bauthority=(\w+)")
_EXAMPLE = re.compile(r"\*\*Example\*\*:?\s*(.*)")
_OPEN = re.compile(r" *<(\w+)[^>]*>(?: *<!-- *(.*?) *-->)?(.*)$")
_LABEL = re.compile(r"(GOOD|OK|BAD)\b[:,]? *(.*)", re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^\w+\]")
_CAUSE = re.compile(
    r"(?<!just )(?<!solely )\bbecause\b|\bso that\b|\bin order to\b|^To (?:avoid|prevent|ensure|maximize|minimize)\b"
    r"|\bwhich (?:can|could|may|might) (?:lead to|cause|habituate)\b"
)
_SENTENCES = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<=[.!?])\s+")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+\.)\s", re.MULTILINE)
_REASONS = 3


@dataclass
class _Section:
    """A heading with the lines beneath it, its examples taken out."""

    level: int
    title: str
    id: str
    authority: str
    line: int
    lines: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


def looks_like_model_spec(text: str) -> bool:
    """Whether a heading of the text carries a level of authority as the Model Spec writes it."""
    return bool(re.search(r"^#{1,6} [^{\n]*\{#[\w-]+ [^}\n]*\bauthority=\w", text, re.MULTILINE))


def read_model_spec(text: str, source: str = "") -> Constitution:
    """The Model Spec as a constitution.

    Raises:
        CasebackError: an authority that is none of root, system, developer, user and guideline, or an example or code
            fence that is never closed; the message names the line.
    """
    sections = _sections(text, source)
    preamble = "\n\n".join(
        f"#### {section.title}\n\n{body}" if section.level > 1 else body
        for section in sections
        if not section.authority and (body := "\n".join(section.lines).strip())
    )
    clauses = tuple(_clause(section, source) for section in sections if section.authority)
    return Constitution("OpenAI Model Spec", preamble, clauses, source)


def _sections(text: str, source: str) -> list[_Section]:
    lines, index = text.split("\n"), 0
    sections = [_Section(level=1, title="", id="", authority="", line=0)]  # what stands above the first heading
    example: str | None = None
    while index < len(lines):
        end = fence_end(lines, index)
        if end is None:
            raise CasebackError(
                f"{source or 'model spec'}, line {index + 1}: this code fence is never closed; close it"
            )
        heading = _HEADING.match(lines[index])
        title = _EXAMPLE.match(lines[index])
        if heading:
            authority = _AUTHORITY.search(heading[4])
            level = len(heading[1])
            sections.append(_Section(level, heading[2], heading[3], authority[1] if authority else "", index + 1))
        elif title and sections[-1].authority:
            example = title[1].strip()
        elif end > index and example is not None:
            where = f"{source or 'model spec'}, line {index + 1}"
            found = _examples(lines[index + 1 : end], example, where)
            sections[-1].examples += found
            sections[-1].lines += [] if found else [f"**Example**: {example}", "", *lines[index : end + 1]]
            example = None
        else:
            sections[-1].lines += lines[index : end + 1]
        index = end + 1
    return sections


def _clause(section: _Section, source: str) -> Clause:
    if section.authority not in TIER_OF:
        raise CasebackError(
            f"{source or 'model spec'}, line {section.line}: '{section.authority}' is no level of authority; "
            f"they are {', '.join(TIER_OF)}"
        )
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(section.lines)).strip()
    return Clause(
        id=section.id,
        tier=TIER_OF[section.authority],
        text=text,
        reason=" ".join(_reasons(text)),
        brief=section.title,
        families=FAMILIES.get(section.id, ()),
        manner=MANNER.get(section.id, ()),
        examples=tuple(section.examples),
        line=section.line,
    )


def _reasons(text: str) -> list[str]:
    """The first sentences that name a cause or an aim, word for word, in prose or in commentary but not in lists.

    The spec has no field for reasons, so this is as near as its own words come; a section without such a sentence has
    none.
    """
    sentences: list[str] = []
    for paragraph in _FOOTNOTE.sub("", text).split("\n\n"):
        prose = " ".join(re.sub(r"^!!!.*$", "", _LIST.split(paragraph)[0], flags=re.MULTILINE).split())
        sentences += _SENTENCES.split(prose)
    return [sentence for sentence in sentences if _CAUSE.search(sentence) and sentence.endswith(".")][:_REASONS]


def _examples(block: list[str], title: str, where: str) -> list[Example]:
    """The labelled replies of one example block. A second comparison follows upon the first good reply of the one
    before it. ``OK`` counts as good, and the note says so."""
    turns: list[tuple[str, str]] = []
    examples: list[Example] = []
    for tag, _, text in _elements(block, where):
        if tag != "comparison":
            turns.append((tag, html.unescape(text)))
            continue
        request = _request(turns)
        replies = []
        for _, comment, reply in _elements(text.split("\n"), where):
            label = _LABEL.match(comment)
            if label:
                note = f"OK: {label[2]}".rstrip(": ") if label[1] == "OK" else label[2]
                note = " ".join(": ".join(filter(None, (title, note))).split())
                replies.append(Example(request, html.unescape(reply), label[1] != "BAD", note))
        examples += replies
        turns += [("assistant", reply.reply) for reply in replies if reply.good][:1]
    return examples


def _elements(lines: list[str], where: str) -> list[tuple[str, str, str]]:
    """The elements of an example, none nested: tag, the comment behind it, and what stands in it."""
    elements, index = [], 0
    while index < len(lines):
        opening = _OPEN.match(lines[index])
        if opening:
            tag, comment, first = opening.groups(default="")
            closing = next((i for i in range(index + 1, len(lines)) if lines[i].strip() == f"</{tag}>"), None)
            if closing is None:
                raise CasebackError(f"{where}: <{tag}> is never closed in this example; close it")
            elements.append((tag, comment, "\n".join([first, *lines[index + 1 : closing]]).strip()))
            index = closing
        index += 1
    return elements


def _request(turns: list[tuple[str, str]]) -> str:
    """What was said before the reply: the user's words alone, or all turns with who spoke them."""
    if len(turns) == 1 and turns[0][0] == "user":
        return turns[0][1]
    return "\n\n".join(f"{tag.capitalize()}: {text}" for tag, text in turns)
