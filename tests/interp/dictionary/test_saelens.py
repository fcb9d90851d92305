"""SAELens' files: what we write comes back, and does by SAELens' own formulas what our dictionary does."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode, reconstruct
from caseback.interp.dictionary.saelens import read_saelens, write_saelens
from caseback.subject.site import Site

READ, WRITTEN = Site("mlp_in", 2), Site("mlp_out", 2)
CASES = {
    "topk": {"k": 3},
    "jumprelu": {"threshold": True},
    "standard": {"threshold": False},
    "transcoder": {"threshold": False, "writes": WRITTEN},
    "skip_transcoder": {"threshold": False, "writes": WRITTEN, "skip": True},
    "jumprelu_transcoder": {"threshold": True, "writes": WRITTEN},
    "jumprelu_skip_transcoder": {"threshold": True, "writes": WRITTEN, "skip": True},
}


def some(case: str) -> Dictionary:
    """A dictionary that is one of SAELens' architectures; transcoders write another width than they read."""
    given: dict[str, Any] = CASES[case]
    make = torch.Generator().manual_seed(3)
    d_in, width = 6, 30
    d_out = 5 if "writes" in given else d_in

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=make)

    threshold = draw(width).abs() if given.get("threshold") else torch.zeros(width)
    return Dictionary(
        reads=(READ,),
        writes=(given.get("writes", READ),),
        W_enc=draw(d_in, width),
        b_enc=draw(width),
        W_dec=draw(width, d_out),
        b_dec=draw(d_out),
        k=given.get("k"),
        threshold=None if "k" in given else threshold,
        W_skip=draw(d_in, d_out) if given.get("skip") else None,
        models=("sha256:m",),
        tokenizer="sha256:t",
        provenance={"why": "test"},
    )


@pytest.mark.parametrize("case", CASES)
def test_it_comes_back(tmp_path: Path, case: str) -> None:
    dictionary = some(case)
    write_saelens(dictionary, tmp_path, model_name="ref-base")
    config = json.loads((tmp_path / "cfg.json").read_text())
    assert config["architecture"] == case
    again = read_saelens(tmp_path)
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip"):
        mine, theirs = getattr(dictionary, name), getattr(again, name)
        assert mine is theirs is None or mine.equal(theirs), name
    for name in ("reads", "writes", "k", "models", "tokenizer", "provenance"):
        assert getattr(again, name) == getattr(dictionary, name)


@pytest.mark.parametrize("rescale", [False, True])
@pytest.mark.parametrize("subtract", [False, True])
def test_their_conventions_are_folded_in(tmp_path: Path, rescale: bool, subtract: bool) -> None:
    """A checkpoint as SAELens trains it by default, against its formulas (topk_sae.py) written out."""
    dictionary = some("topk")
    write_saelens(dictionary, tmp_path)
    config = json.loads((tmp_path / "cfg.json").read_text())
    config |= {"rescale_acts_by_decoder_norm": rescale, "apply_b_dec_to_input": subtract}
    (tmp_path / "cfg.json").write_text(json.dumps(config))
    w = load_file(tmp_path / "sae_weights.safetensors")
    x = torch.randn(40, 6)
    pre = (x - w["b_dec"] if subtract else x) @ w["W_enc"] + w["b_enc"]
    norms = w["W_dec"].norm(dim=1)
    pre = pre * norms if rescale else pre
    best = pre.topk(3, dim=1)
    acts = torch.zeros_like(pre).scatter_(1, best.indices, best.values.relu())
    x_hat = (acts / norms if rescale else acts) @ w["W_dec"] + w["b_dec"]
    again = read_saelens(tmp_path)
    torch.testing.assert_close(encode(again, x).dense(), acts, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(reconstruct(again, x), x_hat, rtol=1e-4, atol=1e-4)


def test_what_it_has_no_place_for_is_refused(tmp_path: Path) -> None:
    d = some("topk")
    across = Dictionary((READ,), (WRITTEN,), d.W_enc, d.b_enc, d.W_dec, d.b_dec, k=3)
    with pytest.raises(CasebackError, match="no TopK transcoders"):
        write_saelens(across, tmp_path)
    wide = Dictionary((READ, WRITTEN), (READ, WRITTEN), d.W_enc, d.b_enc, d.W_dec, d.b_dec, k=3)
    with pytest.raises(CasebackError, match="several sites"):
        write_saelens(wide, tmp_path)


def changed(folder: Path, **values: Any) -> None:
    config = json.loads((folder / "cfg.json").read_text())
    (folder / "cfg.json").write_text(json.dumps({**config, **values}))


def test_what_we_cannot_read_is_said(tmp_path: Path) -> None:
    write_saelens(some("topk"), tmp_path)
    changed(tmp_path, architecture="gated")
    with pytest.raises(CasebackError, match="architecture 'gated'; caseback reads topk"):
        read_saelens(tmp_path)
    changed(tmp_path, architecture="topk", normalize_activations="layer_norm")
    with pytest.raises(CasebackError, match="normalises activations"):
        read_saelens(tmp_path)
    changed(tmp_path, normalize_activations="none", metadata={})
    with pytest.raises(CasebackError, match="does not say which site"):
        read_saelens(tmp_path)
    assert read_saelens(tmp_path, reads=READ).reads == (READ,)
    tensors = load_file(tmp_path / "sae_weights.safetensors")
    save_file({name: t for name, t in tensors.items() if name != "W_dec"}, tmp_path / "sae_weights.safetensors")
    with pytest.raises(CasebackError, match="lacks the tensor W_dec"):
        read_saelens(tmp_path, reads=READ)
    with pytest.raises(CasebackError, match=r"cfg\.json is missing"):
        read_saelens(tmp_path / "none")
