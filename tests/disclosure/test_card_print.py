"""The card on paper, as a browser lays it out: nothing is cut off, nothing is dark, the first page is one page."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from caseback.disclosure import card, render_html
from caseback.dossier import Dossier, open_dossier

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
WIDTH, MARGIN, HEIGHT = 794, 53, 1031
"""Of A4 in CSS pixels: its width, the side margins, and what is left of its height between the margins."""
MEASURE = """
const wide = [];
for (const element of document.querySelectorAll('body *')) {
  if (!element.checkVisibility({contentVisibilityAuto: true})) { continue; }
  const box = element.getBoundingClientRect();
  if (box.width && box.right > innerWidth - MARGIN + 1.5 && !element.closest('svg')) {
    wide.push(element.tagName + '.' + element.className + ': ' + element.textContent.trim().slice(0, 40));
  }
  const style = getComputedStyle(element);
  if (style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) {
    wide.push('scrolls: ' + element.className);
  }
}
const first = document.querySelector('#first-page').getBoundingClientRect();
const dark = [];
for (const element of document.querySelectorAll('html, body, main, section, article, table, tr, td, th')) {
  const [r, g, b, a] = getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number);
  if (a !== 0 && r + g + b < 600) { dark.push(element.tagName + '.' + element.className); }
}
const told = {wide, dark, bottom: first.bottom + scrollY, ink: getComputedStyle(document.body).color,
  page: getComputedStyle(document.body).backgroundColor,
  numbered: getComputedStyle(document.querySelector('a.figure[data-r]'), '::after').content};
const out = document.createElement('pre');
out.id = 'told';
out.textContent = JSON.stringify(told);
document.body.replaceChildren(out);
"""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (chromium on the PATH), which lays out the page")


def on_paper(page: str, folder: Path, *flags: str) -> dict[str, Any]:
    """What a browser measures when the rules for print hold."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("@media print", "@media all")
    text = text.replace("</head>", f"<style>body {{ padding: 0 {MARGIN}px; }}</style></head>")
    text = text.replace("</body>", f"<script>{MEASURE.replace('MARGIN', str(MARGIN))}</script></body>")
    (folder / "paper.html").write_text(text, encoding="utf-8")
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={WIDTH},1123",
        "--hide-scrollbars",
        *flags,
        "--dump-dom",
        str(folder / "paper.html"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stdout[-500:]
    import html

    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def test_no_table_is_cut_off_and_the_first_page_is_one_page(filled: Dossier, tmp_path: Path) -> None:
    told = on_paper(render_html(card(filled, "../a-rather-long-name-of-a-run/dossier")), tmp_path)
    assert told["wide"] == []
    assert told["bottom"] <= HEIGHT
    assert re.fullmatch(r'"\d+"', told["numbered"])  # a figure says which record it comes from


def test_paper_is_white_where_the_screen_is_dark(filled: Dossier, tmp_path: Path) -> None:
    dark = "--blink-settings=preferredColorScheme=0"
    page = render_html(card(filled))
    screen = on_paper(page.replace("@media print", "@media none"), tmp_path, dark)
    assert screen["page"] != "rgb(255, 255, 255)"  # the flag does what it is there for
    told = on_paper(page, tmp_path, dark)
    assert told["page"] == "rgb(255, 255, 255)"
    assert told["dark"] == []
    assert told["ink"] == "rgb(31, 29, 26)"


def test_long_words_break_before_they_are_cut_off(tmp_path: Path) -> None:
    long = "x" * 300
    rate = {"k": 1, "n": 3, "low": 0.0, "high": 0.9, "confidence": 0.95}
    with open_dossier(tmp_path / "d") as dossier:
        body = {"arm": "before", "behaviour": long, "ground": "world", "split": "test", "rate": rate,
                "by_family": {long: rate}, "judge": {"kind": long, "calibrated": True, "note": long}}  # fmt: skip
        dossier.append("measurement", body)
        dossier.append("subject", {"role": "before", "name": long, "digest": long, "architecture": long})
        dossier.append("monitor", {"name": long, "behaviour": long, "failures": [long], "clauses": [long]})
        dossier.append("live_finding", {"cause": {"shown": long}, "behaviour": long, "incident": long})
        dossier.append("inside", {"title": long, "figures": [{"label": long, "value": 1, "low": 0, "high": 2}]})
        dossier.append("not_measured", {"what": long, "why": long})
        told = on_paper(render_html(card(dossier)), tmp_path)
    assert told["wide"] == []
