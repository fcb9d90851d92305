"""README.md for the hub: metadata that huggingface_hub reads, and text that can do nothing but be read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseback.disclosure import card
from caseback.disclosure.model_card import MARK, readme_beside, render_readme
from caseback.disclosure.write import write_card
from caseback.dossier import Dossier, open_dossier

RATE = {"k": 3, "n": 10, "low": 0.07, "high": 0.65, "confidence": 0.95}


def test_the_hub_reads_it_and_each_result_is_a_figure_of_the_card(filled: Dossier, tmp_path: Path) -> None:
    write_card(filled, tmp_path / "card.html")
    read = ModelCard.load(tmp_path / "README.md")
    results = read.data.eval_results
    assert results
    made = card(filled)
    figures = {figure["label"]: figure for figure in made["figures"]}
    for result in results:
        figure = figures[result.metric_name]
        assert result.metric_value == pytest.approx(figure["value"], abs=1e-6)
        assert result.metric_args["low"] == figure["low"]
        assert result.dataset_args == {"n": figure["n"], "record": figure["record"]}
        assert result.task_type == "text-generation"
    tested = [f for f in made["figures"] if re.match("(rate|capability|clause)/", f["id"]) and f["id"].endswith("/dpo")]
    assert len(results) == len([figure for figure in tested if figure["value"] is not None])
    assert read.data.to_dict()["library_name"] == "transformers"
    assert read.data.pipeline_tag == "text-generation"
    assert "system-card" in read.data.tags


def test_it_says_what_was_found_and_what_is_not_known(made: dict[str, Any]) -> None:
    text = render_readme(made)
    assert "| Helps with harmful requests (world) | " in text
    assert "if rarer, it could be missed" in text
    assert "Not watched yet: nothing is known of live use" in text
    assert "never presented as evidence about large models" in text
    assert made["evidence"]["head"] in text


def test_a_name_on_the_hub_is_the_base_model_and_a_path_is_not(tmp_path: Path) -> None:
    for number, (name, base) in enumerate(
        (("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"), ("/home/me/model", None), ("m", None))
    ):
        with open_dossier(tmp_path / str(number)) as dossier:
            dossier.append("subject", {"role": "before", "name": name, "digest": "ab"})
            dossier.append("training", {"arm": "sft", "method": "sft"})
            assert ModelCard(render_readme(card(dossier))).data.base_model == base


def test_an_empty_dossier_is_a_model_card_too(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        text = render_readme(card(dossier))
    assert ModelCard(text).data.eval_results is None
    assert "No audit was run" in text


HOSTILE = "x\n---\nlicense: mit\n---\n# [a](javascript:1) <script>alert(1)</script> | ` \u202e {{ 7*7 }} !!python/none"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=40)))
def test_hostile_names_are_text(made: dict[str, Any], name: str) -> None:
    made["title"] = name
    made["behaviours"][0]["behaviour"] = name
    made["verdict"]["summary"] = name
    made["first_page"]["found"][0]["what"] = name
    made["first_page"]["is"] = name
    for figure in made["figures"]:
        figure["label"] = name
    text = render_readme(made).encode("utf-8", "backslashreplace").decode()
    head, body = text.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(head)["license"] == "unknown"
    assert ModelCard(text).data.license == "unknown"
    written = body.replace(MARK, "")
    assert "<script" not in written
    assert not re.search(r"(?<!\\)\]\(", written)
    assert "\n---" not in body.replace("|---", "")


def test_somebody_elses_readme_is_left_alone(filled: Dossier, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n")
    write_card(filled, tmp_path / "card.html")
    assert (tmp_path / "README.md").read_text() == "# Mine\n"
    assert MARK in (tmp_path / "card.README.md").read_text()
    (tmp_path / "README.md").unlink()
    write_card(filled, tmp_path / "card.html")
    write_card(filled, tmp_path / "card.html")  # ours is written over
    assert readme_beside(tmp_path / "card.html") == tmp_path / "README.md"
    assert MARK in (tmp_path / "README.md").read_text()
