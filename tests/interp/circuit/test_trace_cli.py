"""``caseback look transcoders`` and ``caseback look trace`` as they are typed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.interp.circuit.transcoders import load_transcoders, save_transcoders
from caseback.subject.load import load
from circuits_for_tests import random_transcoders
from models_for_tests import CORPUS, tiny

RUN = CliRunner()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model folder and a folder of transcoders for it."""
    folder = tmp_path_factory.mktemp("made")
    model, tokenizer = tiny("llama", torch.float32)
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    digest = load(str(folder / "model")).digest
    dictionaries = {n: replace(d, models=(digest,)) for n, d in random_transcoders(model).items()}
    save_transcoders(dictionaries, folder / "transcoders")
    return folder / "model", folder / "transcoders"


def look(*words: object, fails: bool = False) -> str:
    result = RUN.invoke(app, ["look", *map(str, words)])
    assert result.exit_code == (2 if fails else 0), result.output
    return result.stderr if fails else result.stdout


def test_a_prompt_is_traced_to_json_and_page(made: tuple[Path, Path], tmp_path: Path):
    model, folder = made
    said = look("trace", model, "What is the capital?", "--transcoders", folder, "-o", tmp_path)
    assert "replacement" in said
    data = json.loads((tmp_path / "what-is-the-capital.json").read_text())
    assert data["metadata"]["caseback"]["model"] == load(str(model)).digest
    assert "<|user|>" in data["metadata"]["prompt"]
    page = (tmp_path / "what-is-the-capital.html").read_text()
    assert page.count('class="node"') == len(data["nodes"])
    printed = json.loads(
        look("trace", model, "What is the capital?", "--transcoders", folder, "-o", tmp_path, "--json")
    )
    assert printed["links"] == data["links"]


def test_targets_and_a_reply_begun(made: tuple[Path, Path], tmp_path: Path):
    model, folder = made
    words = ("trace", model, "two, three", "--transcoders", folder, "-o", tmp_path, "--json")
    data = json.loads(look(*words, "--raw", "--begun", ", four", "--target", " five", "--target", " nine"))
    tokenizer = load(str(model)).tokenizer
    assert data["metadata"]["prompt"].endswith("two, three, four")
    logits = [node for node in data["nodes"] if node["feature_type"] == "logit"]
    assert [node["feature"] for node in logits] == [tokenizer(word).input_ids[0] for word in (" five", " nine")]


def test_what_is_missing_is_told_in_one_line(made: tuple[Path, Path], tmp_path: Path):
    model, folder = made
    assert "caseback look transcoders" in look("trace", model, "x", "--transcoders", tmp_path, fails=True)
    other, tokenizer = tiny("llama", torch.float32, seed=1)
    other.save_pretrained(tmp_path / "other")
    tokenizer.save_pretrained(tmp_path / "other")
    told = look("trace", tmp_path / "other", "x", "--transcoders", folder, fails=True)
    assert "trained on another model" in told
    assert len(told.strip().splitlines()) == 1


def test_transcoders_are_trained_for_every_block_and_fit_better_than_nothing(made: tuple[Path, Path], tmp_path: Path):
    model, _ = made
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(f"{text} {n}" for n in range(40) for text in CORPUS))
    words = ("transcoders", model, "-o", tmp_path / "t", "--data", texts, "--width", 64, "-k", 8)
    sizes = ("--store-tokens", 3000, "--tokens", 20_000, "--batch", 256, "--learning-rate", 3e-3)
    reports = json.loads(look(*words, *sizes, "--json"))
    assert sorted(reports) == ["0", "1", "2", "3"]
    assert all(report["fvu"] < 0.9 for report in reports.values())
    subject = load(str(model), dtype="float32")
    found = load_transcoders(tmp_path / "t", subject)
    assert [str(site) for d in found.values() for site in (*d.reads, *d.writes)][:2] == ["mlp_in.0", "mlp_out.0"]
    look("trace", model, "ten, nine", "--transcoders", tmp_path / "t", "-o", tmp_path)


def test_a_cross_layer_transcoder_is_trained_and_traced_with(made: tuple[Path, Path], tmp_path: Path):
    model, _ = made
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(f"{text} {n}" for n in range(40) for text in CORPUS))
    words = ("transcoders", model, "-o", tmp_path / "t", "--data", texts, "--width", 64, "-k", 8, "--cross-layer")
    sizes = ("--store-tokens", 3000, "--tokens", 20_000, "--batch", 256, "--learning-rate", 3e-3)
    reports = json.loads(look(*words, *sizes, "--kind", "batchtopk", "--json"))
    assert sorted(reports) == ["0", "1", "2", "3"]
    assert all(report["fvu"] < 0.9 for report in reports.values())
    found = load_transcoders(tmp_path / "t", load(str(model), dtype="float32"))
    assert [str(site) for site in found[2].writes] == ["mlp_out.2", "mlp_out.3"]
    data = json.loads(look("trace", model, "ten, nine", "--transcoders", tmp_path / "t", "-o", tmp_path, "--json"))
    latents = [node for node in data["nodes"] if node["feature_type"] == "cross layer transcoder"]
    assert latents
    names = [node["node_id"] for node in data["nodes"]]
    assert len(set(names)) == len(names)
    assert {link[end] for link in data["links"] for end in ("source", "target")} <= set(names)
    # Each kind has a folder of its own, and a part that is missing is told.
    assert "a cross-layer transcoder: name another" in look(*words[:-1], *sizes, fails=True)
    texts_again = ("--data", texts, "--width", 64, "-k", 8, *sizes)
    look("transcoders", model, "-o", tmp_path / "p", *texts_again)
    told = look("transcoders", model, "-o", tmp_path / "p", *texts_again, "--cross-layer", fails=True)
    assert "has per-layer transcoders" in told
    assert "topk or batchtopk" in look(*words, *sizes, "--skip", "-o", tmp_path / "s", fails=True)
    (tmp_path / "t" / "layer.1" / "dictionary.json").unlink()
    told = look("trace", model, "x", "--transcoders", tmp_path / "t", fails=True)
    assert "cross-layer transcoder of 3 blocks, but the model has 4" in told
    assert len(told.strip().splitlines()) == 1
