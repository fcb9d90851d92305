"""What carries the difference between two prompts, as one HTML file: heat maps of tokens by blocks, and of heads."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.circuit_page import spelled
from caseback.disclosure.page import render_page

Data = Mapping[str, Any]
TITLES = {
    "resid_pre": ("The stream", "What a block receives at a token"),
    "attn_out": ("Attention", "What a block’s attention adds at a token"),
    "mlp_out": ("MLPs", "What a block’s MLP adds at a token"),
}
WHOLE = {"attn_out": "attention, the MLPs held as they were", "mlp_out": "MLPs, attention free to answer"}
LEAST = 0.02
"""Tokens at which nothing moves the answer by so much get no column."""


def render_patching(data: Data) -> str:
    """The page. Texts are escaped, and characters that are not seen shown by their number."""
    first = data["first"]
    tokens, other = ([spelled(token) for token in data[name]] for name in ("tokens", "other_tokens"))
    shift = len(other) - len(tokens)
    columns = [
        {"token": token, "other": "" if other[at + shift] == token else other[at + shift]}
        for at, token in enumerate(tokens)
        if at >= first
    ]
    shown = [at for at, column in enumerate(columns) if column["other"] or moves(data["cells"], at)]
    maps = [
        {
            "title": TITLES[kind][0],
            "about": TITLES[kind][1],
            "columns": [columns[at] for at in shown],
            "rows": rows_of([[row[at] for at in shown] for row in rows]),
        }
        for kind, rows in data["cells"].items()
    ]
    return render_page(
        "patching.html.j2",
        data=data,
        before=tokens[:first],
        columns=columns,
        maps=maps,
        left_out=len(columns) - len(shown),
        least=LEAST,
        heads=rows_of(data["heads"]),
        whole=[{"name": WHOLE[kind], **each} for kind, each in data["whole"].items()],
        answers=[spelled(data[name]) for name in ("answer", "other_answer")],
    )


def moves(cells: Mapping[str, Sequence[Sequence[float]]], at: int) -> bool:
    """Whether the answer moves by anything worth a column, at this token, in any block of any map."""
    return any(abs(row[at]) >= LEAST for rows in cells.values() for row in rows)


def rows_of(blocks: Sequence[Sequence[float]]) -> list[Data]:
    """Blocks from the last to the first, as a stream is drawn upwards; a share is the depth of a cell's colour."""
    return [
        {"block": number, "cells": [{"moved": moved, "share": min(abs(moved), 1.0)} for moved in row]}
        for number, row in reversed(list(enumerate(blocks)))
    ]
