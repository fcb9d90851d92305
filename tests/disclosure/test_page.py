"""The page stands alone, cannot be acted on by what a model wrote, and every figure on it leads to evidence."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.disclosure import card, render_html
from caseback.disclosure.page import clock, percent, spark, visible
from caseback.disclosure.wording import label, listed, within
from caseback.dossier import Dossier, open_dossier, put_samples

VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_EMPTY = {"line", "circle", "polyline"}


class Page(HTMLParser):
    """Collects tags and attributes, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_EMPTY, tag
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_well_formed_and_stands_alone(made: dict[str, Any]) -> None:
    text = render_html(made)
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith(("#", "artefacts/"))
    assert re.search(r"url\(|@import|https?:", text) is None
    assert len(re.findall(r"Content-Security-Policy", text)) == 1
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_every_figure_leads_to_its_record(made: dict[str, Any]) -> None:
    page = Page(render_html(made))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for _, attributes in page.tags if attributes.get("href", "").startswith("#")]
    assert {target[1:] for target in targets} <= set(ids)
    figures = [attributes["href"] for tag, attributes in page.tags if "figure" in attributes.get("class", "").split()]
    measurements = {entry["record"][:16] for group in made["behaviours"] for entry in group["measurements"]}
    assert {f"#r-{record}" for record in measurements} <= set(figures)
    assert all(re.fullmatch(r"#r-[0-9a-f]{16}", figure) for figure in figures)


def test_the_page_says_what_the_records_say(made: dict[str, Any]) -> None:
    text = Page(render_html(made)).text
    assert "Improved" in text
    assert "never presented as evidence about large models" in text
    assert "30 of 30 replies gave no clear answer" in text
    assert "the first world has no situations of the family power" in text
    assert "judge not calibrated" in text
    for group in made["behaviours"]:
        for entry in group["measurements"]:
            if entry["rate"]["n"]:
                assert f"{entry['rate']['k']}/{entry['rate']['n']}" in text
    for clause in made["constitution"]["clauses"]:
        assert clause["id"] in text
        assert clause["reason"] in text


HOSTILE = "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE += "{{ 7*7 }}{% raw %}\"' & \u202egnp\x00\x1b[31m\ud800"


def test_what_a_model_wrote_cannot_act_on_the_page(tmp_path: Path) -> None:
    rate = {"k": 1, "n": 1, "low": 0.02, "high": 1.0, "confidence": 0.95}
    name = HOSTILE.replace("\ud800", "")  # records are UTF-8; samples may hold half a surrogate pair
    row = {
        "situation": {
            "id": HOSTILE,
            "family": HOSTILE,
            "messages": [{"role": HOSTILE, "content": HOSTILE}],
            "arm": HOSTILE,
        },
        "reply": {"text": HOSTILE, "thinking": HOSTILE, "finish": HOSTILE},
        "judgement": {"shown": True, "why": HOSTILE},
    }
    body = {"arm": name, "behaviour": name, "ground": name, "split": name, "rate": rate, "by_family": {name: rate},
            "not_evaluated": {name: 1}, "judge": {"kind": name, "calibrated": True, "note": name},
            "cannot_tell": name}  # fmt: skip
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("measurement", body, artefacts={"samples": put_samples(dossier, [row])})
        for kind in ("run", "training"):
            dossier.append(
                kind, {name: name, "machine": {name: name}, "recipe": {name: name}, "arm": name, "method": name}
            )
        clause = {
            "id": name,
            "tier": "hard",
            "text": name,
            "reason": name,
            "brief": name,
            "families": [name],
            "over": [name],
        }
        words = {
            "title": name,
            "source": name,
            "digest": name,
            "compact": name,
            "warnings": [name],
            "clauses": [clause],
        }
        dossier.append("constitution", words)
        step = {"task": name, "subject": name, "seed": 0, "digest": "d", "text": HOSTILE}
        datum = {
            "prompt": [{"role": HOSTILE, "content": HOSTILE}],
            "chosen": HOSTILE,
            "rejected": HOSTILE,
            "origin": HOSTILE,
            "clauses": [name],
            "parents": ["d"],
            "situation": HOSTILE,
            "family": HOSTILE,
        }
        parts = {"sft": [datum], "preferences": [datum], "texts": [step]}
        stored = {part: put_samples(dossier, rows) for part, rows in parts.items()}
        dossier.append("training_data", {"report": {}}, artefacts=stored)
        dossier.append("clause_rates", {"arm": name, "clauses": {name: rate}})
        dossier.append("subject", {"role": name, "name": name, "architecture": name, "digest": name})
        dossier.append("not_measured", {"what": name, "why": name})
        dossier.append("monitor", {"name": name, "behaviour": name, "kind": name, "id": name, "clauses": [name],
                                   "failures": [name], "self_test": {"n": 1, "failed": None, "why": name},
                                   "stale": {"word": "stale", "why": name}})  # fmt: skip
        figure = {"label": name, "value": 1.0, "low": 0.5, "high": 1.5}
        dossier.append("inside", {"title": name, "asks": name, "subject": name, "model": name, "figures": [figure]})
        rate = {"value": 0.1, "low": 0.0, "high": 1.0, "method": name, "why": name}
        finding = {"incident": name, "behaviour": name, "cause": {"shown": name}, "clauses": [name], "first_seen": name}
        dossier.append("live_finding", finding | {"detector": {"name": name}, "rate": rate})
        verdicts = [
            {"behaviour": name, "word": word, "why": name, "recipes": [name]} for word in ("found", "cannot tell")
        ]
        calibration = {"id": name, "base": name, "panel": {"name": name}}
        dossier.append("audit", {"arm": name, "unable": name, "verdicts": verdicts, "calibration": calibration})
        former = card(dossier)
        former["title"] = HOSTILE
        kept = dossier.put(json.dumps(former).encode())
        dossier.append("former_card", {"title": name}, artefacts={"card": kept})
        dossier.append("verdict", {"status": "worse", "summary": name, "reasons": [name]})
        text = render_html(card(dossier))
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert "<script>alert(1)</script>" in page.text  # shown as text
    assert "{{ 7*7 }}" in page.text
    assert "⟨U+202E⟩" in page.text
    assert not any(sign in text for sign in "\u202e\x00\x1b\ud800")
    text.encode("utf-8")


@pytest.mark.parametrize(("share", "says"), [(0.0, "0%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1.0, "100%")])
def test_percent_never_rounds_to_none_or_all(share: float, says: str) -> None:
    assert percent(share) == says


def test_small_words() -> None:
    assert (within("After DPO"), within("SFT only"), within("")) == ("after DPO", "SFT only", "")
    assert (clock(12.2), clock(600), clock(7300)) == ("12 s", "10 min", "2.0 h")
    assert visible("a\tb\nc é 漢 👩\u200d🔬") == "a\tb\nc é 漢 👩\u200d🔬"
    assert visible("\u200b\u2066\r") == "⟨U+200B⟩⟨U+2066⟩⟨U+000D⟩"


def test_the_head_says_what_was_done(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("constitution", {"title": "", "source": "/home/me/my-principles.md", "clauses": []})
        told = Page(render_html(card(dossier))).text
        assert "Measured against my-principles.md; nothing was trained" in told
        dossier.append("training", {"arm": "sft", "method": "sft"})
        told = Page(render_html(card(dossier))).text
    assert "Trained towards my-principles.md" in told
    assert "nothing was trained" not in told


def test_what_cannot_be_told_for_one_reason_is_said_once(tmp_path: Path) -> None:
    rate = {"k": 0, "n": 0, "low": 0.0, "high": 1.0}
    with open_dossier(tmp_path / "d") as dossier:
        for behaviour in ("cheating", "deception"):
            body = {"arm": "before", "behaviour": behaviour, "rate": rate, "cannot_tell": "capability too low"}
            dossier.append("measurement", body)
        reason = "Capability too low."
        dossier.append("verdict", {"status": "cannot tell", "summary": reason, "reasons": [reason]})
        told = Page(render_html(card(dossier))).text
    doubt = told.split("Not evaluated is never clean")[1].split("What this card claims")[0]
    assert doubt.count("capability too low") == 1
    assert "cheating" in doubt
    assert "deception" in doubt
    assert told.count(reason) == 1  # not once more under what it rests on
    assert "The control had" not in told


def test_provenance_is_told_in_words(made: dict[str, Any]) -> None:
    told = Page(render_html(made)).text.split("Provenance")[-1].split("Evidence")[0]
    assert not any(sign in told for sign in "{}[]")
    assert "caseback run --constitution principles.md --seed 0 --out runs/mine" in told
    assert "small, 80 situations for each behaviour, 120 harmless requests" in told
    assert "Left out of the compact formnone" in told


def test_values_and_labels_for_people() -> None:
    assert [label(name) for name in ("cpu", "trl", "learning_rate", "memory_gb")] == [
        "Processor", "TRL", "Learning rate", "Memory, GiB",
    ]  # fmt: skip
    assert [listed(value) for value in ([], {}, None, True, ["a", "b"], {"lora_r": 8}, 0.5)] == [
        "none", "none", "none", "yes", "a, b", "lora r 8", "0.5",
    ]  # fmt: skip
    assert (listed("ab" * 32), listed("sha256:" + "cd" * 32)) == ("ab" * 8, "cd" * 8)


def test_equal_tokens_are_those_that_were_trained_on(made: dict[str, Any]) -> None:
    told = Page(render_html(made)).text
    assert told.count("48,310 of 211,904 read") == 4
    assert "Control: its own answers, drawn again" in told
    assert "paraphrase" not in told.lower()
    assert "control-dpo" not in told.split("Provenance")[0]


def test_curves_span_their_box() -> None:
    assert spark([[0, 3.0], [1, None], [2, 1.0]]) == "0.0,2.0 100.0,28.0"
    assert spark([[0, 1.0]]) == ""
    assert spark([[0, 1.0], [1, 1.0]]) == "0.0,28.0 100.0,28.0"
    long = spark([[step, 1 / (1 + step)] for step in range(5000)])
    assert long.count(",") <= 202
    assert long.endswith("100.0,28.0")


def test_the_command_writes_the_card(filled: Dossier, tmp_path: Path) -> None:
    from caseback.cli.main import app

    run = CliRunner()
    done = run.invoke(app, ["card", str(filled.path), "--out", str(tmp_path / "mine.html")])
    assert done.exit_code == 0, done.output
    written = [tmp_path / name for name in ("mine.html", "mine.json", "README.md")]
    assert done.output.split() == [word for path in written for word in ("wrote", str(path))]
    assert all(path.exists() for path in written)
    assert run.invoke(app, ["card", str(tmp_path / "nowhere")]).exit_code == 2
    assert run.invoke(app, ["card", "write", str(filled.path), "--out", str(tmp_path / "x.html")]).exit_code == 0
