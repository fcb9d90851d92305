"""The page of a graph: every node stands in its row and column, edges join what they should, and nothing acts."""

import re

from caseback.disclosure.circuit_page import drawing, render_circuit, spelled


def node(name: str, kind: str, clerp: str = "", activation: float | None = None) -> dict:
    layer, _, position = name.split("_")
    return {
        "node_id": name, "feature": 0, "layer": layer, "ctx_idx": int(position), "feature_type": kind,
        "jsNodeId": name, "clerp": clerp, "influence": 0.4, "activation": activation,
    }  # fmt: skip


def graph() -> dict:
    return {
        "metadata": {
            "slug": "a-graph", "scan": "tiny <model>", "prompt": "x", "prompt_tokens": ["a", " b\n", "c\u202e"],
            "caseback": {
                "scores": {"replacement": 0.5, "replacement_low": 0.4, "replacement_high": 0.6, "completeness": 0.75,
                           "unresolved": 0.2},
                "latents_active": 12, "latents_traced": 9, "nodes": 50, "edges": 400, "model": "sha256:abc",
            },
        },
        "qParams": {},
        "nodes": [
            node("E_7_0", "embedding"), node("E_8_1", "embedding"), node("E_9_2", "embedding"),
            node("0_-1_1", "mlp reconstruction error"),
            node("0_5_1", "cross layer transcoder", "raises <b>x</b>", 1.5),
            node("1_6_2", "cross layer transcoder", "", 2.5),
            node("3_4_2", "logit", 'Output "yes" (p=0.900)'),
        ],
        "links": [
            {"source": "E_8_1", "target": "0_5_1", "weight": 1.0},
            {"source": "0_5_1", "target": "1_6_2", "weight": -3.0},
            {"source": "0_-1_1", "target": "1_6_2", "weight": 1.0},
            {"source": "1_6_2", "target": "3_4_2", "weight": 2.0},
        ],
    }  # fmt: skip


def test_the_page_needs_nothing_else_and_texts_cannot_act_on_it():
    page = render_circuit(graph())
    assert "<script" not in page
    assert all(link.startswith("#n") for link in re.findall(r'(?:src|href)="([^"]*)"', page))
    assert "raises &lt;b&gt;x&lt;/b&gt;" in page
    assert "tiny &lt;model&gt;" in page
    assert "⟨U+202E⟩" in page
    assert "0.50 <span" in page.replace("\n", "")
    assert "[0.40, 0.60]" in page
    assert "0.75" in page


def test_every_node_is_drawn_once_and_listed_with_its_edges():
    page = render_circuit(graph())
    for number in range(7):
        assert page.count(f'href="#n{number}" class="a{number}"') == 1
        assert page.count(f'id="n{number}"') == 1
    panel = page.split('id="n5"')[1].split("</article>")[0]
    assert panel.index("-3") < panel.index("error of block 0")  # the stronger first
    assert "latent 5 of block 0" in panel
    assert "Output &#34;yes&#34;" in panel


def test_edges_run_between_their_nodes_and_rows_are_in_order():
    data = graph()
    page = render_circuit(data)
    (x1, y1, x2, y2) = map(float, re.search(r'less s4 t5" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', page).groups())  # noqa: E501  # fmt: skip
    circles = dict(re.findall(r'class="a(\d)"><title>[^<]*</title><circle class="mark latent" (cx="[\d.]+" cy="[\d.]+")', page))  # noqa: E501  # fmt: skip
    assert circles["4"] == f'cx="{x1}" cy="{y1}"'
    assert circles["5"] == f'cx="{x2}" cy="{y2}"'
    assert y2 < y1  # later blocks stand higher
    assert x2 > x1


def test_crowded_cells_stack_without_overlap():
    nodes = [
        {"number": n, "kind": "latent", "layer": "0", "position": 0, "says": str(n)} for n in range(11)
    ]  # fmt: skip
    made = drawing(nodes, [], ["a", "b"], ["E", "0", "2"])
    places = {(mark["x"], mark["y"]) for mark in made["marks"]}
    assert len(places) == 11
    assert all(mark["x"] < made["columns"][1]["left"] for mark in made["marks"])


def test_tokens_show_their_spaces():
    assert spelled(" a\n") == "·a⏎"
    assert spelled("") == "∅"
