"""The page of patching: every figure is there, tokens are shown as they are, and nothing in it acts."""

import re

from caseback.disclosure.patching_page import render_patching
from caseback.studio.looks import LOOKS

DATA = {
    "model": "ref\u202e", "digest": "sha256:" + "0" * 64,
    "tokens": ["<b>", " in", " Dallas", "."], "other_tokens": ["<b>", " in", " New", " York", "."], "first": 2,
    "answer": " Austin", "other_answer": "\n", "gap": 4.25, "other_gap": -3.5,
    "cells": {"resid_pre": [[1.0, 0.0], [0.251, -0.752]], "mlp_out": [[0.0, 0.0], [0.111, 1.2]]},
    "heads": [[0.9, 0.0, -0.3], [0.0, 0.0, 0.04]],
    "whole": {"attn_out": {"moved": 0.98, "turned": True}, "mlp_out": {"moved": 0.03, "turned": False}},
}  # fmt: skip


def test_every_figure_is_there_and_blocks_go_upwards():
    page = render_patching(DATA)
    for figure in ("1.00", "0.25", "-0.75", "0.11", "1.20", "0.90", "-0.30", "0.04", "0.98", "0.03", "+4.2", "-3.5"):
        assert f">{figure}<" in page or figure in page
    assert page.count("<tr><th>block 1</th>") == page.count("<tr><th>block 0</th>") == 3
    assert page.index("<tr><th>block 1</th>") < page.index("<tr><th>block 0</th>")
    # Aligned at their ends: Dallas stands over York.
    assert "·Dallas / ·York" in page
    assert "<code>⏎</code></td>" in page


def test_tokens_at_which_nothing_moves_get_no_column():
    cells = {"resid_pre": [[1.0, 0.01], [0.3, -0.01]]}
    page = render_patching({**DATA, "cells": cells})
    assert "1 token at which nothing moves it by 0.02 is left out" in page
    assert "<th>.</th>" not in page
    assert "left out" not in render_patching({**DATA, "cells": {"resid_pre": [[1.0, 0.0], [0.3, -0.02]]}})


def test_nothing_in_it_acts():
    page = render_patching(DATA)
    assert "<b>" not in re.sub(r"(?s)<style>.*?</style>", "", page)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page


def test_without_sublayers_and_heads_those_parts_are_left_out():
    page = render_patching({**DATA, "whole": {}, "heads": [], "cells": {"resid_pre": [[1.0, 0.0]]}})
    assert "Attention, or MLPs?" not in page
    assert "<h2>Heads</h2>" not in page


def test_the_studio_draws_it_too():
    assert LOOKS["patching"].render(DATA) == render_patching(DATA)
