"""The card as a Hugging Face model card: README.md with metadata in front, evaluations under ``model-index``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from caseback.disclosure.figures import figure_of
from caseback.disclosure.overseen import NOT_LOOKED_AT
from caseback.disclosure.page import visible
from caseback.disclosure.wording import ARM_NAMES, document_name, within, words

Card = Mapping[str, Any]
MARK = "<!-- written by caseback card -->"
"""Stands in what we wrote, so that nobody else's README is written over."""
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one written in C where there is one: it takes a tenth of the time."""
TESTED = ("rate", "capability", "clause")
"""Figures that are evaluations of the trained model."""
IN_README = 3
"""Figures of a study of oversight that the model card names; the card shows more."""


def readme_beside(page: Path) -> Path:
    """Where the model card of this page goes: README.md in its folder, unless another one is there."""
    usual = page.parent / "README.md"
    try:
        ours = MARK in usual.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        ours = True
    except OSError:
        ours = False
    return usual if ours else page.with_name(f"{page.stem}.README.md")


def render_readme(card: Card, name: str = "card") -> str:
    """The model card; ``name`` is that of the card's files without their ending.

    Texts from records are escaped: they can act neither as YAML, nor Markdown, nor HTML.
    """
    head = yaml.dump(_metadata(card, name), Dumper=DUMPER, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n{MARK}\n\n{_body(card, name)}"


def _metadata(card: Card, name: str) -> dict[str, Any]:
    trained = bool(card["training"])
    base = next((str(s["name"]) for s in card["subjects"] if s.get("role") == "before" and s["name"]), "")
    made: dict[str, Any] = {
        "license": "unknown",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["caseback", "system-card", *(["constitutional-ai"] if trained else [])],
    }
    if trained and re.fullmatch(r"[\w.-]+/[\w.-]+", base, re.ASCII):  # a name on the hub
        made["base_model"] = base
    results = _results(card, name)
    if results:
        made["model-index"] = [{"name": _line(card["title"]) or "model", "results": results}]
    return made


def _results(card: Card, name: str) -> list[dict[str, Any]]:
    """One for each rate of the trained model, or of the model where nothing was trained; none that is struck."""
    arm = card["after"] or "before"
    found = []
    for figure in map(figure_of, card["figures"]):
        part, *names = figure.id.split("/")
        if part not in TESTED or names[-1:] != [arm] or figure.value is None or figure.struck:
            continue
        interval = {} if figure.low is None else {"low": figure.low, "high": figure.high, "confidence": 0.95}
        where = _line("/".join(names[:-1]))
        found.append(
            {
                "task": {"type": "text-generation", "name": "Text generation"},
                "dataset": {
                    "type": f"caseback-{part}",
                    "name": f"caseback {part}: {where}" if where else f"caseback {part}",
                    "args": {"n": figure.n, "record": figure.record},
                },
                "metrics": [
                    {
                        "type": {"capability": "accuracy"}.get(part, "rate_shown"),
                        "value": round(figure.value, 6),
                        "name": _line(figure.label),
                        "args": {**interval, "better": figure.better},
                    }
                ],
                "source": {"name": f"caseback card, record {(figure.record or '')[:16]}", "url": f"./{name}.json"},
            }
        )
    return found


def _body(card: Card, name: str) -> str:
    page, verdict = card["first_page"], card["verdict"]
    struck = card["evidence"]["struck"]
    lines = [
        f"# {_md(card['title'])}",
        "",
        _md(page["is"]),
        "",
        f"**Verdict: {_md(verdict['status'])}.** {_md(verdict['summary'])}",
        "",
    ]
    for each in page["beside"]:
        lines += [f"**{_struck(_md(each['text']), each['record'], struck)}**", ""]
    if card["reference"]:
        lines += [f"> {_md(card['reference'])}", ""]
    if page["found"] or page["costs"]:
        arm = within(ARM_NAMES.get(str(card["after"]), str(card["after"] or "after")))
        lines += ["## What was found", "", f"| | before training | {_md(arm)} | |", "|---|---|---|---|"]
        lines += [_row(line, struck) for line in [*page["found"], *page["costs"]]]
        lines.append("")
    lines += ["## What was looked for, and what would have been missed", ""]
    if page["audited"]:
        lines += ["| | | |", "|---|---|---|"]
        lines += [
            f"| {_cell(each['what'])} | {_struck(_cell(each['word']), each['record'], struck)} "
            f"| {_cell(each['missed'])} |"
            for each in page["audited"]
        ]
        lines.append("")
    else:
        lines += [f"No audit was run: {_md(page['audit_why'])}.", ""]
    lines += ["## What is not known", ""]
    lines += [f"- **{_md(each['what'])}**: {_md(each['why'])}" for each in page["not_known"]]
    if page["more"]:
        lines.append(f"- and {page['more']} more doubts, in the card")
    lines += ["", "## Live use", ""]
    live = card["live"]
    counted = f"{len(live['rates'])} rates and {len(live['incidents'])} incidents are in the card."
    lines += [counted if live["watched"] else f"{_md(live['why'].capitalize())}.", ""]
    lines += ["## Oversight", ""]
    if not card["oversight"]:
        lines += [f"{_md(NOT_LOOKED_AT.capitalize())}.", ""]
    for study in card["oversight"]:
        shown = "; ".join(f"{_md(f['text'])}: {_told(f)}" for f in study["figures"][:IN_README])
        lines.append(f"- **{_md(study['title'])}**: {_struck(shown, study['record'], struck)}")
    lines += ["", "## Evidence", ""] if card["oversight"] else ["## Evidence", ""]
    if document := card["constitution"]:
        lines.append(f"- Constitution: {_md(document_name(document))}, digest `{_code(document['digest'])}`")
    lines += [f"- Weights, {_md(words(s['role']))}: `{_code(s['digest'])}`" for s in card["subjects"] if s["digest"]]
    lines += [
        f"- Last record of the dossier: `{_code(card['evidence']['head'])}`",
        f"- The whole card: `{_code(name)}.html`, `{_code(name)}.json`. Check it with `caseback card check`.",
    ]
    return "\n".join(lines) + "\n"


def _told(figure: Card) -> str:
    """A figure with its interval and what it is over."""
    if figure["value"] is None:
        return "cannot tell"
    interval = (
        "" if figure["low"] is None or figure["high"] is None else f" ({figure['low']:.3g} to {figure['high']:.3g})"
    )
    return f"{figure['value']:.3g}{interval}, {figure['n']} {_md(figure['unit'])}"


def _row(line: Card, struck: Mapping[str, str]) -> str:
    what = line["what"][:1].upper() + line["what"][1:] + (f" ({line['ground']})" if line["ground"] else "")
    before = _struck(_cell(line["before"]), line["before_record"], struck)
    after = _struck(_cell(line["after"]), line["record"], struck)
    return f"| {_cell(what)} | {before} | {after} | {_cell(line['word'])} |"


def _struck(text: str, record: str | None, struck: Mapping[str, str]) -> str:
    why = struck.get(record or "")
    return f"~~{text}~~ ({_cell(why)})" if why else text


def _line(text: object) -> str:
    """One line of text in which nothing is hidden."""
    return " ".join(visible(str(text if text is not None else "")).split())


def _md(text: object) -> str:
    """As Markdown that shows the text and does nothing."""
    escaped = re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", _line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cell(text: object) -> str:
    return _md(text)


def _code(text: object) -> str:
    return re.sub(r"[`<>&|]", "?", _line(text))
