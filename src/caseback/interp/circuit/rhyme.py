"""Where a rhyme comes from: planned at the line break, or looked up at the word that it has to rhyme with?

Two couplets with words that do not rhyme with each other. The stream of one at the line break is put into the other,
and the second line is written anew; then the same with the stream at the word in the request. A plan at the break would
be carried over with it. A model that looks back at the word when it needs the rhyme does not care for the break.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from caseback.interp.circuit.tasks import last_word, rhymed
from caseback.interp.circuit.trial import Case
from caseback.subject.capture import capture
from caseback.subject.edits import Patch
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import Span
from caseback.subject.subject import Sampling
from caseback.world.marks import marks, token_spans
from caseback.world.situation import Situation
from caseback.world.spec import WORLD_A, WorldSpec

SAMPLING = Sampling(max_new_tokens=24)
SPARE = 2
"""Couplets looked for per couplet wanted: not every one finds a partner."""


@dataclass(frozen=True)
class LookedBack:
    """What came of putting another couplet's stream into one.

    Attributes:
        case: The couplet, and the other one.
        at_break: Whether the second line then rhymes with the other couplet's word, the stream put in at the break.
        at_word: The same, put in at the word in the request.
        break_reply, word_reply: What it wrote.
    """

    case: str
    at_break: bool
    at_word: bool
    break_reply: str
    word_reply: str


def swap_rhymes(subject: OpenSubject, n: int, seed: int, site: Site, spec: WorldSpec = WORLD_A) -> Iterator[LookedBack]:
    """Put streams of one couplet into another, pair by pair, in both directions.

    Args:
        n: Couplets at most.
        seed: Of the requests.
        site: A stream, such as resid_pre.2.
    """
    waiting: list[_Couplet] = []
    done = 0
    for situation, case in rhymed(subject, SPARE * n, seed, spec):
        mine = _couplet(subject, situation, case)
        other = next((each for each in waiting if _go_together(mine, each)), None)
        if other is None:
            waiting.append(mine)
            continue
        waiting.remove(other)
        for one, two in ((mine, other), (other, mine)):
            if done == n:
                return
            done += 1
            broken = _said(subject, one, two, site, one.line_break, two.line_break)
            worded = _said(subject, one, two, site, one.word, two.word)
            yield LookedBack(
                case=f"{one.case.id} for {two.case.id}",
                at_break=rhymes(broken, two.rhymes),
                at_word=rhymes(worded, two.rhymes),
                break_reply=broken,
                word_reply=worded,
            )


def rhymes(couplet: str, words: frozenset[str]) -> bool:
    """Whether the second line of a couplet ends in one of the words."""
    return last_word(couplet.strip().partition("\n")[2]) in words


@dataclass(frozen=True, eq=False)
class _Couplet:
    case: Case
    rhymes: frozenset[str]
    word: Span
    line_break: Span
    ids: tuple[int, ...]


def _couplet(subject: OpenSubject, situation: Situation, case: Case) -> _Couplet:
    first = str(situation.latents["first"])
    _, word = token_spans(subject.format, case.chat, marks(case.chat, {"word": first}))[-1]
    return _Couplet(
        case=case,
        rhymes=frozenset(each.lower() for each in (first, *situation.latents["rhymes"])),
        word=word,
        line_break=Span(case.first, case.last + 1),
        ids=(*subject.format.prompt(case.chat).ids, *case.begun),
    )


def _go_together(one: _Couplet, two: _Couplet) -> bool:
    """Whether two couplets do not rhyme with each other, and their places have as many tokens."""
    alike = all(a.length == b.length for a, b in ((one.word, two.word), (one.line_break, two.line_break)))
    return alike and not one.rhymes & two.rhymes


def _said(subject: OpenSubject, one: _Couplet, two: _Couplet, site: Site, here: Span, there: Span) -> str:
    (captured,) = capture(subject.model, [two.ids], [site])
    with intervene(subject.model, [Patch(site, captured.at[site][there.start : there.stop], span=here)]):
        return subject.generate([one.case.chat], SAMPLING, begun=[list(one.case.begun)])[0].text
