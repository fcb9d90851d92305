"""Whether a card still stands: its evidence, its figures, and its page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseback import __version__
from caseback.disclosure.card import card as made_again
from caseback.disclosure.checked import checked
from caseback.disclosure.figures import Figure, figures
from caseback.disclosure.form import parsed
from caseback.disclosure.page import render_html
from caseback.disclosure.read_card import dossier_in, json_of
from caseback.dossier import Dossier, read_dossier
from caseback.errors import CasebackError

OTHER_VERSION = "written by another version: its texts and page were not compared"
NAMED = 5
"""Figures that a card lacks which are named; all are counted."""


@dataclass(frozen=True)
class Struck:
    """A figure of the card that may not stand: its id, what it is called, the record it names, and why."""

    figure: str
    label: str
    record: str | None
    why: str


@dataclass(frozen=True)
class CardCheck:
    """What a check found.

    Attributes:
        card: The JSON that was checked.
        dossier: The evidence it was held against.
        figures: How many figures it has.
        struck: Those that may not stand.
        other: What else is wrong: records cut off, figures left out, a page that says something else or that could not
            be compared.
        newer: Records that the dossier got since; the card does not show them.
    """

    card: str
    dossier: str
    figures: int
    struck: tuple[Struck, ...]
    other: tuple[str, ...]
    newer: int

    @property
    def stands(self) -> bool:
        """Whether nothing is struck and nothing else is wrong."""
        return not self.struck and not self.other


def check_card(path: Path, dossier: Path | None = None) -> CardCheck:
    """Hold a card against its dossier: each figure against its record, each record and artefact against its hash.

    The card is made again from the records that it was made from, and compared figure by figure, then text by text;
    where its page lies beside it, that is rendered again and compared too. Texts and page of another version cannot be
    compared, so such a card does not stand.

    Args:
        path: card.json, or card.html with its JSON beside it.
        dossier: Its dossier; by default where the card says.

    Raises:
        CasebackError: where the card or the dossier cannot be read.
    """
    file = json_of(path)
    try:
        card = parsed(file.read_bytes(), str(file))
    except OSError as error:
        raise CasebackError(f"{file}: no card to read ({error.strerror}); name a card.json or card.html") from None
    folder = dossier_in(dossier) if dossier else file.parent / card["evidence"]["path"]
    if not folder.exists():
        raise CasebackError(f"{file}: its dossier is not at {folder}; say where it is with --dossier")
    with read_dossier(folder) as opened:
        return _checked(card, file, opened)


def _checked(card: Mapping[str, Any], file: Path, dossier: Dossier) -> CardCheck:
    head = card["evidence"]["head"]
    whole = checked(dossier)
    there = {*(record.id for record in whole.records), *whole.unreadable}
    other = (
        []
        if not head or head in there
        else [f"its last record {head[:12]} is not in the dossier: records were cut off, or this is another dossier"]
    )
    matters = (card.get("assurance") or {}).get("matters", 0.05)
    now = made_again(dossier, card["evidence"]["path"], matters=matters, upto=head or None)
    mine, theirs = figures(card), {figure.id: figure for figure in figures(now)}
    found = [
        Struck(f.id, f.label, f.record, why) for f in mine if (why := _why(f, theirs.get(f.id), whole.struck, there))
    ]
    other += _listed(card, mine)
    other += _lacking(mine, theirs)
    other_form = card["format"] != now["format"]
    if card.get("version") != __version__ or other_form:  # the card says so itself: it cannot be what excuses it
        other.append(OTHER_VERSION)
    elif not found and not other:
        other += _page(card, now, file)
    newer = sum(record.number > _number(card) for record in whole.records)
    return CardCheck(str(file), str(dossier.path), len(mine), tuple(found), tuple(other), newer)


def _why(figure: Figure, again: Figure | None, struck: Mapping[str, str], there: set[str]) -> str:
    """Why a figure may not stand; empty where it may."""
    if figure.record is not None and figure.record not in there:
        return f"its record {figure.record[:12]} is missing from the dossier"
    if figure.record is not None and figure.record in struck:
        return struck[figure.record]
    if again is None:
        return "the dossier gives no such figure"
    same = all(
        getattr(figure, name) == getattr(again, name) for name in ("value", "low", "high", "n", "word", "record")
    )
    return "" if same else f"the card says {_said(figure)}, and its record {_said(again)}"


def _said(figure: Figure) -> str:
    if figure.word:
        return figure.word
    interval = "" if figure.low is None or figure.high is None else f" [{figure.low:.4g}, {figure.high:.4g}]"
    return f"{figure.value:.6g}{interval}" if figure.value is not None else "nothing"


def _listed(card: Mapping[str, Any], mine: list[Figure]) -> list[str]:
    """Whether the list of figures in a card is that of its sections: one of them may have been edited alone."""
    if "figures" not in card:
        return []
    told = [{**asdict(figure), "artefacts": list(figure.artefacts)} for figure in mine]
    return [] if told == card["figures"] else ["its list of figures does not say what its sections say: one was edited"]


def _lacking(mine: Sequence[Figure], theirs: Mapping[str, Figure]) -> list[str]:
    """Figures that the dossier gives and the card leaves out."""
    there = {figure.id for figure in mine}
    left = [figure for id, figure in theirs.items() if id not in there]
    if not left:
        return []
    count = f"{len(left)} {'figure' if len(left) == 1 else 'figures'} that the dossier gives"
    return [f"it lacks {count}: {'; '.join(figure.label for figure in left[:NAMED])}{' …' * (len(left) > NAMED)}"]


def _page(card: Mapping[str, Any], now: Mapping[str, Any], file: Path) -> list[str]:
    """What its page or the rest of its JSON says otherwise than the dossier."""
    found = (
        []
        if card == now
        else [f"it was edited, or made from other records: {_first_other(card, now)} is not as the dossier has it"]
    )
    page = file.with_suffix(".html")
    if page.exists() and page.read_text(encoding="utf-8", errors="replace") != render_html(card):
        found.append(f"{page.name} does not say what {file.name} says: it was edited")
    return found


def _first_other(card: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return next((name for name in now if card.get(name) != now[name]), "a part")


def _number(card: Mapping[str, Any]) -> int:
    return max((entry["number"] for entry in card["evidence"]["records"]), default=0)
