"""An attribution graph as one HTML file that needs nothing else, not even a script.

Tokens stand side by side, blocks one above the other; a node's edges light up when it is pointed at, and what goes into
it and out of it is listed when it is chosen. Drawn from the JSON that circuit-tracer's and Neuronpedia's viewers read.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]
STEP, ROW, LABEL = 15, 44, 58
"""Pixels from node to node in a cell, from block to block, and for the names of the blocks."""
IN_A_ROW = 4
"""Nodes side by side in a cell; more go above them."""
DRAWN = 1_500
"""Edges drawn, the strongest."""
LISTED = 10
"""Edges listed per node and direction, and latents in the table."""
KINDS = {
    "embedding": "token",
    "mlp reconstruction error": "error",
    "cross layer transcoder": "latent",
    "logit": "logit",
}


def render_circuit(data: Data) -> str:
    """The page of a graph. Texts are escaped, and characters that are not seen shown by their number."""
    tokens = [spelled(token) for token in data["metadata"]["prompt_tokens"]]
    layers = _layers(data["nodes"])
    numbers = {node["node_id"]: number for number, node in enumerate(data["nodes"])}
    named = [_named(node, tokens) for node in data["nodes"]]
    links = _links(data["links"], numbers)
    into: dict[int, list[Data]] = defaultdict(list)
    out: dict[int, list[Data]] = defaultdict(list)
    for link in links:
        into[link["target"]].append(link)
        out[link["source"]].append(link)
    nodes = [
        {**node, "number": number, "into": into[number][:LISTED], "out": out[number][:LISTED],
         "more_into": max(0, len(into[number]) - LISTED), "more_out": max(0, len(out[number]) - LISTED)}
        for number, node in enumerate(named)
    ]  # fmt: skip
    latents = sorted((node for node in nodes if node["kind"] == "latent"), key=lambda node: node["influence"])
    return render_page(
        "circuit.html.j2",
        graph=data["metadata"],
        about=data["metadata"].get("caseback", {}),
        tokens=tokens,
        nodes=nodes,
        drawing=drawing(nodes, links[:DRAWN], tokens, layers),
        latents=latents[: 2 * LISTED],
        logits=[node for node in nodes if node["kind"] == "logit"],
        not_drawn=max(0, len(links) - DRAWN),
    )


def drawing(nodes: Sequence[Data], links: Sequence[Data], tokens: Sequence[str], layers: Sequence[str]) -> Data:
    """Where everything stands, in pixels: columns of tokens, rows of blocks, nodes in them, edges between."""
    cells = Counter((node["layer"], node["position"]) for node in nodes)
    widths = []
    for position, token in enumerate(tokens):
        most = max((count for (_, at), count in cells.items() if at == position), default=0)
        widths.append(max(STEP * (min(most, IN_A_ROW) + 1), 7 * min(len(token), 12) + 14))
    lefts = [LABEL + sum(widths[:position]) for position in range(len(tokens))]
    stacks = {
        layer: -(-max((count for (at, _), count in cells.items() if at == layer), default=1) // IN_A_ROW)
        for layer in layers
    }
    rows, top = {}, 10
    for layer in reversed(layers):
        height = ROW + STEP * (stacks[layer] - 1)
        rows[layer] = top + height / 2
        top += height
    seen: Counter[tuple[str, int]] = Counter()
    marks = []
    for node in nodes:
        cell = node["layer"], node["position"]
        place = seen[cell]
        seen[cell] += 1
        beside = min(cells[cell], IN_A_ROW)
        column, floor = place % IN_A_ROW, place // IN_A_ROW
        middle = lefts[node["position"]] + widths[node["position"]] / 2
        marks.append(
            {
                "number": node["number"],
                "kind": node["kind"],
                "x": round(middle + STEP * (column - (beside - 1) / 2), 1),
                "y": round(rows[node["layer"]] + STEP * ((stacks[node["layer"]] - 1) / 2 - floor), 1),
                "says": node["says"],
            }
        )
    edges = [
        {**link, "x1": marks[link["source"]]["x"], "y1": marks[link["source"]]["y"],
         "x2": marks[link["target"]]["x"], "y2": marks[link["target"]]["y"],
         "width": round(0.6 + 3.4 * link["share"] ** 0.5, 2)}
        for link in links
    ]  # fmt: skip
    columns = [
        {"x": left + width / 2, "left": left, "token": token if len(token) <= 12 else token[:11] + "…"}
        for left, width, token in zip(lefts, widths, tokens, strict=True)
    ]
    names = [{"y": rows[layer], "name": _row_name(layer, layers)} for layer in layers]
    return {
        "width": LABEL + sum(widths) + 10,
        "height": top + 26,
        "foot": top + 12,
        "columns": columns,
        "rows": names,
        "marks": marks,
        "edges": edges[::-1],
    }


def spelled(token: str) -> str:
    """A token as it can be shown: its spaces and line ends seen."""
    return token.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·") or "∅"


def _layers(nodes: Sequence[Data]) -> list[str]:
    """All rows from the bottom: tokens, every block up to the highest, the output."""
    logits = [str(node["layer"]) for node in nodes if node["feature_type"] == "logit"]
    inner = [int(node["layer"]) for node in nodes if KINDS[node["feature_type"]] in ("latent", "error")]
    blocks = max([*inner, *(int(layer) - 2 for layer in logits)], default=-1) + 1
    return ["E", *map(str, range(blocks)), *logits[:1]]


def _row_name(layer: str, layers: Sequence[str]) -> str:
    return "tokens" if layer == "E" else "output" if layer == layers[-1] else f"block {layer}"


def _named(node: Data, tokens: Sequence[str]) -> dict[str, Any]:
    kind = KINDS[node["feature_type"]]
    layer, index, position = node["node_id"].split("_")
    at = tokens[node["ctx_idx"]]
    name = {
        "token": f"token {at}",
        "error": f"error of block {layer} at {at}",
        "latent": f"latent {index} of block {layer} at {at}",
        "logit": node["clerp"],
    }[kind]
    label = node["clerp"] if kind == "latent" else ""
    return {
        "kind": kind,
        "layer": str(node["layer"]),
        "position": int(position),
        "name": name,
        "label": label,
        "says": f"{name}: {label}" if label else name,
        "influence": node["influence"] if node["influence"] is not None else 0.0,
        "activation": node["activation"],
    }


def _links(links: Sequence[Data], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Edges by how much of what goes into their target they are, strongest first."""
    whole: Counter[str] = Counter()
    for link in links:
        whole[link["target"]] += abs(link["weight"])
    made = [
        {
            "source": numbers[link["source"]],
            "target": numbers[link["target"]],
            "weight": link["weight"],
            "share": abs(link["weight"]) / whole[link["target"]] if whole[link["target"]] else 0.0,
        }
        for link in links
    ]
    return sorted(made, key=lambda link: -link["share"])
