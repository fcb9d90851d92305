"""What changed between two cards: which figures moved beyond their intervals, which appeared, which vanished."""

from collections.abc import Mapping
from typing import Any, Literal

from caseback.disclosure.figures import Figure, figures

Word = Literal["moved", "within", "same", "changed", "appeared", "vanished", "not compared"]


def card_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two cards, figure by figure.

    A figure has ``moved`` where the two intervals have no point in common, which is stricter than a test of the
    difference at the same confidence; it is ``within`` them where it changed and they overlap. A word has ``changed``
    or not. A figure that is struck in either card, or has no interval, is ``not compared``.

    Returns:
        ``old`` and ``new`` (title, as_of and head of each), ``about`` (what the two are cards of, where that is not
        the same), ``counts`` by word, and ``figures`` that are not the same: id, label, change, direction (better,
        worse or empty), old, new and why.
    """
    before, after = ({figure.id: figure for figure in figures(card)} for card in (old, new))
    names = [*before, *(name for name in after if name not in before)]
    found = [_compared(before.get(name), after.get(name)) for name in names]
    counts: dict[str, int] = {}
    for each in found:
        counts[each["change"]] = counts.get(each["change"], 0) + 1
    return {
        "old": _about(old),
        "new": _about(new),
        "about": _other(old, new),
        "counts": counts,
        "figures": [each for each in found if each["change"] != "same"],
    }


def _compared(old: Figure | None, new: Figure | None) -> dict[str, Any]:
    either = new or old
    assert either is not None
    word, why = _change(old, new)
    return {
        "id": either.id,
        "label": either.label,
        "change": word,
        "direction": _direction(old, new) if word == "moved" else "",
        "old": _told(old),
        "new": _told(new),
        "why": why,
    }


def _change(old: Figure | None, new: Figure | None) -> tuple[Word, str]:
    if old is None or new is None:
        return ("appeared", "") if old is None else ("vanished", "")
    if old.struck or new.struck:
        return "not compared", f"struck in the {'old' if old.struck else 'new'} card: {old.struck or new.struck}"
    if old.word or new.word:
        return ("same" if old.word == new.word else "changed"), ""
    if (old.value, old.low, old.high) == (new.value, new.low, new.high):
        return "same", ""
    if old.low is None or new.low is None:
        return "not compared", "no interval"
    # An end that is not known may be anywhere: it is never proof of a move.
    above = old.high is not None and new.low > old.high
    below = new.high is not None and new.high < old.low
    return ("moved" if above or below else "within"), ""


def _direction(old: Figure | None, new: Figure | None) -> str:
    if old is None or new is None or not new.better or old.value is None or new.value is None:
        return ""
    return "better" if (new.value > old.value) == (new.better == "more") else "worse"


def _told(figure: Figure | None) -> dict[str, Any] | None:
    told = ("value", "low", "high", "n", "word", "record")
    return None if figure is None else {name: getattr(figure, name) for name in told}


def _about(card: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": card["title"], "as_of": card["as_of"], "head": card["evidence"]["head"]}


def _other(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Sentences on what the two cards do not share."""
    found = []
    was, now = (
        sorted({str(s["digest"]) for s in card["subjects"] if s.get("role") == "before"}) for card in (old, new)
    )
    if was and now and was != now:
        found.append("the model before training is another")
    first, second = ((card["constitution"] or {}).get("digest") for card in (old, new))
    if first != second:
        found.append("the constitution is another")
    runs = [((card["run"] or {}).get("budget"), (card["run"] or {}).get("seed")) for card in (old, new)]
    if runs[0][0] != runs[1][0]:
        found.append("the budget of the run is another, so situations may differ")
    if runs[0][1] != runs[1][1]:
        found.append(f"the seed is another ({runs[0][1]}, now {runs[1][1]})")
    return found
