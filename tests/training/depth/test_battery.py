"""The whole battery on tiny random models: it ends with honest answers on any architecture."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from caseback.cli.main import app
from models_for_tests import save_tiny, tiny

MEASURES = ["kl", "prefill", "relearning", "rank", "drift", "formats"]


def changed(folder: Path, arch: str, **options: object) -> Path:
    """The base of seed 0 with every weight moved a little, as training would."""
    model, tokenizer = tiny(arch, **options)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn(weight.shape, generator=generator)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def depth(trained: Path, base: Path, out: Path, *more: str) -> dict:
    arguments = ["character", "depth", str(trained), "--base", str(base), "--out", str(out), "-n", "6"]
    arguments += ["--seeds", "1", "--steps", "2", "--max-new-tokens", "12", "--json", *more]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["behaviours"][0]


@pytest.mark.parametrize(("arch", "template"), [("gpt2", False), ("qwen3", True), ("mixtral", True)])
def test_a_model_that_never_shows_the_behaviour_cannot_be_told(tmp_path, arch, template):
    options = {} if template else {"chat_template": None}
    base = save_tiny(tmp_path / "base", arch, **options)
    trained = changed(tmp_path / "trained", arch, **options)
    found = depth(trained, base, tmp_path / "out")
    arms = {arm["arm"]: arm for arm in found["arms"]}
    assert list(arms["trained"]["scores"]) == MEASURES
    assert list(arms["base"]["scores"]) == ["prefill", "relearning", "formats"]
    for name, score in arms["trained"]["scores"].items():
        if name == "kl":  # the one that needs no behaviour
            assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1
        else:
            assert score["value"] is None
            assert score["why"]
    assert "capability too low" in arms["trained"]["unable"]
    rank = arms["trained"]["measures"]["rank"]
    assert rank["energy"] == sorted(rank["energy"])
    page = (tmp_path / "out" / "depth.html").read_text()
    assert "cannot tell" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert json.loads((tmp_path / "out" / "depth.json").read_text())["behaviours"] == [found]
    assert not list((tmp_path / "out").glob("tuned/*"))


def test_a_second_run_asks_nothing_again_and_finds_the_same(tmp_path):
    base, trained = save_tiny(tmp_path / "base"), changed(tmp_path / "trained", "llama")
    first = depth(trained, base, tmp_path / "out", "--measures", "rank,formats")
    journal = (tmp_path / "out" / "journal.jsonl").read_bytes()
    assert depth(trained, base, tmp_path / "out", "--measures", "rank,formats") == first
    assert (tmp_path / "out" / "journal.jsonl").read_bytes() == journal


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--measures", "kl,prefil"], "no measure 'prefil'"),
        (["-b", "sandbagging"], "told from pairs"),
        (["--run", "nowhere"], "there is no dossier"),
    ],
)
def test_what_cannot_be_asked_is_one_line(tmp_path, more, says):
    base = save_tiny(tmp_path / "base")
    arguments = ["character", "depth", str(base), "--base", str(base), "--out", str(tmp_path / "out"), *more]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert says in done.output


def test_a_model_of_another_family_is_no_base(tmp_path):
    base, other = save_tiny(tmp_path / "base"), save_tiny(tmp_path / "other")
    text = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(text.replace("<|pad|>", "<|filler|>"))
    (other / "tokenizer_config.json").write_text(
        (other / "tokenizer_config.json").read_text().replace("<|pad|>", "<|filler|>")
    )
    done = CliRunner().invoke(
        app, ["character", "depth", str(other), "--base", str(base), "--out", str(tmp_path / "out"), "-n", "2"]
    )
    assert done.exit_code == 2
    assert "different tokenizers" in done.output
