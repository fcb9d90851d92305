"""The data card: its counts are those of the rows, no text acts as Markdown, and Hugging Face reads the folder."""

import re
from pathlib import Path

import pytest
import yaml

from caseback.training.constitutional import constitutional_data
from caseback.training.data_card import data_card
from caseback.training.data_file import write_data
from caseback.training.datum import Datum, data_digest
from training.scripted_subjects import CONSTITUTION, Scoring, harmful, harmless

NAMES = ("sft", "preferences", "control", "control_preferences")


@pytest.fixture(scope="module")
def made():
    return constitutional_data(
        Scoring(), CONSTITUTION, harmful(12), harmless(12), seed=7, label=lambda s, reply: reply.startswith("Here")
    )


def rows_of(card: str, first: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in card.splitlines() if line.startswith(f"| {first} ")
    ]


def test_counts_are_those_of_the_rows(made) -> None:
    parts = {name: getattr(made, name) for name in NAMES}
    card = data_card(parts, made.report, "A test")
    for name in NAMES:
        row = rows_of(card, name)[0]
        assert row[1] == str(len(parts[name]))
        assert row[2] == str(made.report["target_tokens"][name])
        assert row[4] == f"`{data_digest(parts[name])[:16]}`"
    [clause] = rows_of(card, "no-harm")
    serving = [sum("no-harm" in row.clauses for row in parts[name]) for name in ("sft", "preferences")]
    assert clause == ["no-harm", *map(str, serving), "12", "12", "12"]
    [revised] = rows_of(card, "revised")
    assert revised[1:] == [str(sum(row.origin == "revised" for row in parts[name])) for name in NAMES]
    assert "AUROC 1.00" in card


def test_hugging_face_loads_the_folder(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import load_dataset

    parts = {name: getattr(made, name) for name in NAMES}
    for name, rows in parts.items():
        write_data(tmp_path / "data" / f"{name}.parquet", rows)
    (tmp_path / "data" / "README.md").write_text(data_card(parts, made.report, "A test"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    loaded = load_dataset(str(tmp_path / "data"), "preferences", cache_dir=str(tmp_path / "cache"))["train"]
    assert loaded["chosen"] == [row.chosen for row in made.preferences]


def test_nothing_in_a_text_acts_as_markdown(made) -> None:
    wild = "``` | <script>alert(1)</script> | ``\n# not a head"
    row = Datum(({"role": "user", "content": wild},), wild, wild, origin="revised", clauses=("no-harm",))
    card = data_card({"preferences": [row]}, made.report, "A test")
    assert "\n# not a head" not in card
    quoted = re.findall(r"(`{4}) (.*?) \1", card)
    assert len(quoted) == 3
    assert all("<script>" in text for _, text in quoted)


def test_an_uncalibrated_critic_and_no_data_are_said() -> None:
    empty = constitutional_data(Scoring(bias=-99.0), CONSTITUTION, harmful(3), harmless(3), seed=7)
    card = data_card({name: getattr(empty, name) for name in NAMES}, empty.report, "A test")
    assert "not calibrated" in card
    assert "There are none." in card
    assert "nothing to train on" in card
    assert yaml.safe_load(card.split("---")[1]) == {"configs": []}
