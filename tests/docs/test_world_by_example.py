"""What the page shows is what the commands print."""

import difflib
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_shows_what_is_printed() -> None:
    spec = importlib.util.spec_from_file_location("fill_examples", ROOT / "docs" / "fill_examples.py")
    assert spec is not None
    assert spec.loader is not None
    fill_examples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill_examples)
    page = (ROOT / "docs" / "world-by-example.md").read_text(encoding="utf-8")
    now = fill_examples.filled(page)
    change = "\n".join(difflib.unified_diff(page.splitlines(), now.splitlines(), "page", "now", lineterm=""))
    assert not change, f"run {Path(sys.executable).name} docs/fill_examples.py docs/world-by-example.md\n{change}"
    assert page.count("```text") == 17
