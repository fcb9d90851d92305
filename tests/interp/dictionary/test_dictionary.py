"""The plain type: encode and decode are their formulas, codes stay sparse, files come back bit-equal."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.dictionary import dictionary as module
from caseback.interp.dictionary.dictionary import Codes, Dictionary, decode, encode, reconstruct
from caseback.interp.dictionary.files import load, save
from caseback.interp.dictionary.quality import Quality, fvu, l0
from caseback.subject.site import Site

SITE = Site("resid_post", 3)


def some_dictionary(seed: int = 0, d: int = 6, width: int = 20, k: int | None = 3, skip: bool = False) -> Dictionary:
    make = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=make)

    return Dictionary(
        reads=(SITE,),
        writes=(Site("mlp_out", 3),) if skip else (SITE,),
        W_enc=draw(d, width),
        b_enc=draw(width) * 0.1,
        W_dec=draw(width, d),
        b_dec=draw(d),
        k=k,
        threshold=None if k else draw(width).abs(),
        W_skip=draw(d, d) if skip else None,
        models=("sha256:m",),
        tokenizer="sha256:t",
        provenance={"seed": seed},
    )


def dense_codes(d: Dictionary, x: torch.Tensor) -> torch.Tensor:
    """The formula, latent by latent, in plain Python over the dense pre-activations."""
    pre = x @ d.W_enc + d.b_enc
    codes = torch.zeros_like(pre)
    for row in range(len(x)):
        if d.k is not None:
            chosen = sorted(range(d.width), key=lambda f: -float(pre[row, f]))[: d.k]
        else:
            assert d.threshold is not None
            chosen = [f for f in range(d.width) if pre[row, f] > d.threshold[f]]
        for f in chosen:
            codes[row, f] = max(float(pre[row, f]), 0.0)
    return codes


@settings(max_examples=25)
@given(st.integers(0, 1000), st.sampled_from([None, 1, 3, 20]), st.integers(1, 9), st.booleans())
def test_encode_and_decode_are_their_formulas(seed: int, k: int | None, rows: int, skip: bool) -> None:
    d = some_dictionary(seed, k=k, skip=skip)
    x = torch.randn(rows, d.d_in, generator=torch.Generator().manual_seed(seed + 1))
    codes = encode(d, x)
    truth = dense_codes(d, x)
    torch.testing.assert_close(codes.dense(), truth)
    assert (codes.values_BK >= 0).all()
    for latent in (0, 7, 19):
        torch.testing.assert_close(codes.of(latent), truth[:, latent])
    expected = truth @ d.W_dec + d.b_dec + (x @ d.W_skip if d.W_skip is not None else 0)
    torch.testing.assert_close(decode(d, codes, x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("k", [None, 3])
def test_chunks_change_nothing(k: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    d, x = some_dictionary(k=k), torch.randn(11, 6)
    whole = encode(d, x)
    monkeypatch.setattr(module, "CHUNK", 40)  # two tokens at a time
    parts = encode(d, x)
    torch.testing.assert_close(parts.dense(), whole.dense())
    assert l0(parts) == l0(whole)


def test_no_tokens_give_no_codes() -> None:
    for k in (None, 3):
        codes = encode(some_dictionary(k=k), torch.zeros(0, 6))
        assert len(codes) == 0
        assert decode(some_dictionary(k=k), codes).shape == (0, 6)


def test_a_threshold_dictionary_codes_each_token_by_itself() -> None:
    d, x = some_dictionary(k=None), torch.randn(30, 6)
    together = encode(d, x).dense()
    alone = torch.cat([encode(d, row[None]).dense() for row in x])
    torch.testing.assert_close(together, alone)


def test_an_orthonormal_dictionary_reconstructs_exactly() -> None:
    """Known truth: with W_dec orthonormal and W_enc its transpose, non-negative combinations come back."""
    basis = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))[0]
    codes = torch.rand(50, 8, generator=torch.Generator().manual_seed(2)) * (torch.arange(8) < 5)
    d = Dictionary((SITE,), (SITE,), basis.T.contiguous(), torch.zeros(8), basis, torch.zeros(8), k=5)
    x = codes @ basis
    assert fvu(x, reconstruct(d, x)) < 1e-10
    assert l0(encode(d, x)) == 5
    found = Quality(8, 8)
    for part in x.split(7):
        found.add(d, part, part)
    assert (found.fvu, found.l0, found.alive, found.tokens) == (pytest.approx(0, abs=1e-10), 5.0, 5 / 8, 50)


def test_streamed_quality_is_that_of_all_tokens_at_once() -> None:
    d, x = some_dictionary(skip=True), torch.randn(40, 6) * 3 + 5
    target = torch.randn(40, 6) + 100
    found = Quality(6, d.width)
    for rows in (slice(0, 13), slice(13, 40)):
        found.add(d, x[rows], target[rows])
    assert found.fvu == pytest.approx(fvu(target, reconstruct(d, x)), rel=1e-6)
    assert found.l0 == pytest.approx(l0(encode(d, x)))


def test_fvu_of_the_mean_is_one_and_of_a_constant_is_refused() -> None:
    x = torch.randn(20, 4)
    assert fvu(x, x.mean(0).expand_as(x)) == pytest.approx(1)
    with pytest.raises(CasebackError, match="do not vary"):
        fvu(torch.ones(5, 3), torch.ones(5, 3))


@pytest.mark.parametrize(("k", "skip"), [(3, False), (None, False), (3, True)])
def test_files_come_back_bit_equal(tmp_path: Path, k: int | None, skip: bool) -> None:
    d = some_dictionary(k=k, skip=skip)
    save(d, tmp_path / "d")
    again = load(tmp_path / "d")
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip"):
        mine, theirs = getattr(d, name), getattr(again, name)
        assert (mine is None) == (theirs is None)
        assert mine is None or mine.equal(theirs)
    assert (again.reads, again.writes, again.k) == (d.reads, d.writes, d.k)
    assert (again.models, again.tokenizer, dict(again.provenance)) == (d.models, d.tokenizer, dict(d.provenance))
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["dictionary.json", "dictionary.safetensors"]


def damage(folder: Path, how: str) -> None:
    weights, about = folder / "dictionary.safetensors", folder / "dictionary.json"
    if how == "no json":
        about.unlink()
    elif how == "json cut short":
        about.write_text(about.read_text()[:40])
    elif how == "other format":
        about.write_text(json.dumps({**json.loads(about.read_text()), "format": "other"}))
    elif how == "no site":
        about.write_text(json.dumps({**json.loads(about.read_text()), "reads": ["stream.9"]}))
    elif how == "no weights":
        weights.unlink()
    elif how == "weights cut short":
        weights.write_bytes(weights.read_bytes()[:-10])


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("no json", r"dictionary\.json is missing: not a dictionary folder"),
        ("json cut short", r"dictionary\.json cannot be read"),
        ("other format", "format 'other'"),
        ("no site", "'stream.9' is no site"),
        ("no weights", r"dictionary\.safetensors is missing"),
        ("weights cut short", "truncated or damaged"),
    ],
)
def test_damaged_files_are_named_in_one_line(tmp_path: Path, how: str, says: str) -> None:
    save(some_dictionary(), tmp_path)
    damage(tmp_path, how)
    with pytest.raises(CasebackError, match=says) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_does_not_belong_together_is_refused() -> None:
    d = some_dictionary()
    with pytest.raises(CasebackError, match=r"the dictionary reads \[tokens, 6\] at resid_post.3"):
        encode(d, torch.zeros(2, 7))
    with pytest.raises(CasebackError, match="not finite"):
        encode(d, torch.full((2, 6), float("nan")))
    with pytest.raises(CasebackError, match="codes over 9 latents"):
        decode(d, Codes(torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1), 9))
    with pytest.raises(CasebackError, match="has a skip"):
        decode(some_dictionary(skip=True), encode(d, torch.zeros(1, 6)))
    with pytest.raises(CasebackError, match=r"b_enc of the dictionary is \[5\]"):
        Dictionary((SITE,), (SITE,), torch.zeros(2, 4), torch.zeros(5), torch.zeros(4, 2), torch.zeros(2), k=1)
    for k, threshold in ((None, None), (1, torch.zeros(4))):
        with pytest.raises(CasebackError, match="either k"):
            Dictionary(
                (SITE,), (SITE,), torch.zeros(2, 4), torch.zeros(4), torch.zeros(4, 2), torch.zeros(2), k, threshold
            )
    with pytest.raises(CasebackError, match="k is 5"):
        Dictionary((SITE,), (SITE,), torch.zeros(2, 4), torch.zeros(4), torch.zeros(4, 2), torch.zeros(2), 5)
