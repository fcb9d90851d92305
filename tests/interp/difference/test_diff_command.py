"""``caseback look diff`` as a user types it: folders, an adapter, a control, texts of their own."""

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from typer.testing import CliRunner

from caseback.cli.look_diff import open_for_comparison
from caseback.cli.main import app
from caseback.disclosure.difference_page import render_difference
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import save
from caseback.subject.site import Site
from models_for_tests import save_tiny, tiny

PLANTED = "model.layers.2.mlp.down_proj.weight"


def save_changed(folder: Path, seed: int, size: float) -> Path:
    model, tokenizer = tiny("llama")
    generator = torch.Generator().manual_seed(seed)
    weight = model.get_parameter(PLANTED)
    delta = torch.outer(*(torch.randn(side, generator=generator) for side in weight.shape))
    with torch.no_grad():
        weight += delta / delta.norm() * size
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_adapter(folder: Path) -> Path:
    """An adapter of rank 2 on one matrix."""
    torch.manual_seed(0)
    config = LoraConfig(r=2, target_modules=["layers.2.mlp.down_proj"], init_lora_weights=False)
    get_peft_model(tiny("llama")[0], config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("diff")
    base, after = save_tiny(folder / "base"), save_changed(folder / "after", 0, 3.0)
    control, adapter = save_changed(folder / "control", 1, 0.1), save_adapter(folder / "adapter")
    texts = folder / "texts.jsonl"
    rows = [{"text": f"The quick brown fox jumps over the lazy dog {i} times."} for i in range(5)]
    rows.append({"messages": [{"role": "user", "content": "What is the capital of Ohio?"}], "family": "chat"})
    texts.write_text("\n".join(map(json.dumps, rows)))
    out = folder / "out"
    result = CliRunner().invoke(
        app,
        ["look", "diff", str(base), str(after), str(adapter), "--control", str(control), "--texts", str(texts),
         "-n", "6", "--out", str(out), "--json"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return out, result


def test_all_arms_stand_beside_each_other_with_what_was_planted(done) -> None:
    out, result = done
    data = json.loads((out / "difference.json").read_text())
    assert json.loads(result.stdout) == data
    after, control, seed = data["arms"]
    assert [arm["name"] for arm in data["arms"]] == ["after", "control", "after, seed 2"]
    for arm, rank in ((after, 1), (control, 1), (seed, 2)):
        first = arm["weights"][0]
        assert first["name"] == PLANTED
        assert first["ranks"]["effective"] <= rank + 0.01
        assert first["ranks"]["effective"] > rank - 0.5
        assert first["random"]["effective"] > 20
        assert arm["texts"] == 6
        assert arm["divergence"]["overall"]["forward"]["value"] > 0
    assert after["weights"][0]["norm"] == pytest.approx(3.0, rel=1e-4)
    assert {(each["first"], each["second"]) for each in data["agreements"]} == {
        ("after", "control"), ("after", "after, seed 2"), ("control", "after, seed 2")
    }  # fmt: skip


def test_vectors_are_kept_as_safetensors(done) -> None:
    tensors = load_file(done[0] / "difference.safetensors")
    assert tensors["after/mean_difference/resid_post.3"].shape == (32,)
    assert tensors["control/neurons/3"].shape == (64,)
    assert not tensors["after/mean_difference/resid_post.1"].any()


def test_the_page_needs_nothing_else_and_what_models_say_cannot_act_on_it(done) -> None:
    data = json.loads((done[0] / "difference.json").read_text())
    assert (done[0] / "difference.html").read_text() == render_difference(data)
    data["arms"][0]["readouts"][0]["raised"][0]["text"] = "<script>\u202e"
    page = render_difference(data)
    assert "<script" not in page
    assert "&lt;script&gt;⟨U+202E⟩" in page
    assert page.count("<svg") == 4
    assert PLANTED in page
    assert "src=" not in page


def test_an_adapter_is_put_on_the_base_and_merged(done) -> None:
    folder = done[0].parent
    merged = open_for_comparison(str(folder / "adapter"), str(folder / "base"), None)
    base = open_for_comparison(str(folder / "base"), str(folder / "base"), None)
    assert merged.name == str(folder / "adapter")
    names = dict(base.model.named_parameters())
    assert names.keys() == dict(merged.model.named_parameters()).keys()
    changed = [n for n, weight in merged.model.named_parameters() if not torch.equal(weight, names[n])]
    assert changed == [PLANTED]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--clause", "nosuch"], "the constitution has no clause 'nosuch'"),
        (["--clause", "no-power-grab", "--ground", "world"], "no situations of the world fall under the clause"),
        (["--texts", "nowhere.txt"], "nowhere.txt: no texts to read"),
        (["--ground", "moon"], "no ground 'moon'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(done, tmp_path: Path, options: list[str], why: str) -> None:
    folder = done[0].parent
    result = CliRunner().invoke(
        app, ["look", "diff", str(folder / "base"), str(folder / "after"), "--out", str(tmp_path / "o"), *options]
    )
    assert result.exit_code == 2
    assert why in result.output.replace("\n", " ")


def test_a_malformed_line_of_texts_is_named(done, tmp_path: Path) -> None:
    folder = done[0].parent
    texts = tmp_path / "bad.jsonl"
    texts.write_text('{"text": "fine"}\n{"words": 3}\n')
    result = CliRunner().invoke(
        app,
        ["look", "diff", str(folder / "base"), str(folder / "after"), "--texts", str(texts), "--out", str(tmp_path)],
    )
    assert result.exit_code == 2
    assert "line 2: no text in it" in result.output


def test_a_crosscoder_of_the_two_says_which_latents_are_of_one_alone(tmp_path: Path) -> None:
    base, after = save_tiny(tmp_path / "base"), save_changed(tmp_path / "after", 0, 3.0)
    site, halves = Site("resid_post", 2), torch.eye(32)
    writes = torch.cat([torch.cat([halves[:4], halves[:4]], 1), torch.cat([halves[4:8] * 0, halves[4:8]], 1)])
    digests = tuple(open_for_comparison(str(path), str(base), None).digest for path in (base, after))
    made = Dictionary(
        (site, site), (site, site), writes.T.contiguous(), torch.zeros(8), writes, torch.zeros(64),
        threshold=torch.zeros(8), models=digests,
    )  # fmt: skip
    save(made, tmp_path / "crosscoder")
    texts = tmp_path / "texts.txt"
    texts.write_text("The quick brown fox jumps over the lazy dog.\n" * 3)
    command = ["look", "diff", base, after, "--texts", texts, "-n", "4", "--out", tmp_path / "out", "--crosscoder"]
    result = CliRunner().invoke(app, list(map(str, [*command, tmp_path / "crosscoder"])))
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "difference.json").read_text())["crosscoder"]
    assert found["before_only"] == 0
    assert 0 < found["after_only"] <= 4
    assert 0 < found["shared"] <= 4
    assert {each["latent"] for each in found["listed"]} <= {4, 5, 6, 7}
    assert "Latents of one model only" in (tmp_path / "out" / "difference.html").read_text()
    backwards = ["look", "diff", after, base, "--texts", texts, "-n", "4", "--out", tmp_path / "o", "--crosscoder"]
    result = CliRunner().invoke(app, list(map(str, [*backwards, tmp_path / "crosscoder"])))
    assert result.exit_code == 2
    assert "in this order" in result.output
