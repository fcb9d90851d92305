"""A training finds planted features, goes on bit-equal when killed, and says in one line what is wrong."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary import fit as module
from caseback.interp.dictionary.dictionary import encode, reconstruct
from caseback.interp.dictionary.files import load
from caseback.interp.dictionary.fit import Progress, fit
from caseback.interp.dictionary.quality import fvu, l0
from caseback.interp.dictionary.scaling import in_own_units, measure_scaling
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import train_step
from caseback.interp.dictionary.threshold import with_threshold
from caseback.interp.dictionary.training import begin
from caseback.interp.store.store import Store
from caseback.subject.site import Site
from stores_for_tests import ROWS, D, KilledError, planted, store_of

SITE, OUT = Site("mlp_in", 1), Site("mlp_out", 1)
QUICK = Settings(width=48, k=3, tokens=300_000, batch=512, learning_rate=5e-3, dead_after=20_000)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directions, codes, onward = planted()
    acts = {SITE: codes @ directions * 5 + 30, OUT: codes @ onward + 2}
    return store_of(tmp_path_factory.mktemp("store") / "s", acts)


@pytest.mark.parametrize("kind", ["topk", "batchtopk", "jumprelu"])
def test_planted_features_are_found(store: Store, tmp_path: Path, kind: str) -> None:
    directions, codes, _ = planted()
    dictionary, report = fit(store, replace(QUICK, kind=kind), tmp_path, reads=[SITE])
    assert report.fvu < 0.08, report
    assert report.l0 == pytest.approx(3, rel=0.25)
    assert 0.3 < report.alive <= 1
    cosines = (dictionary.W_dec / dictionary.W_dec.norm(dim=1, keepdim=True)) @ directions.T
    assert (cosines.max(0).values > 0.95).float().mean() > 0.9
    rows = np.arange(ROWS - 500, ROWS)
    x = store.read(SITE, rows).float()
    assert fvu(x, reconstruct(dictionary, x)) == pytest.approx(report.fvu, rel=0.2)
    # The codes are in the units of the activations: what was planted five times over comes out so.
    best = cosines.max(0).indices
    sizes = encode(dictionary, x).dense()[:, best]
    there = codes[rows] > 0
    assert float((sizes[there] / (5 * codes[rows][there])).median()) == pytest.approx(1, abs=0.15)
    assert dictionary.models == ("sha256:m",)
    assert dictionary.provenance["report"]["l0"] == report.l0
    assert load(tmp_path).W_enc.equal(dictionary.W_enc)


def test_a_transcoder_with_skip_learns_the_map(store: Store, tmp_path: Path) -> None:
    plain, _ = fit(store, QUICK, tmp_path / "plain", reads=[SITE], writes=[OUT])
    dictionary, report = fit(store, replace(QUICK, skip=True), tmp_path / "skip", reads=[SITE], writes=[OUT])
    assert report.fvu < 0.1
    assert dictionary.W_skip is not None
    x = store.read(SITE, np.arange(2000)).float()
    y = store.read(OUT, np.arange(2000)).float()
    assert fvu(y, reconstruct(dictionary, x)) < fvu(y, reconstruct(plain, x)) < 0.3
    assert (dictionary.reads, dictionary.writes) == ((SITE,), (OUT,))


def test_a_crosscoder_reads_and_writes_both_sites(store: Store, tmp_path: Path) -> None:
    dictionary, report = fit(store, QUICK, tmp_path, reads=[SITE, OUT])
    assert (dictionary.d_in, dictionary.d_out) == (2 * D, 2 * D)
    assert report.fvu < 0.15


def test_a_crosscoder_of_two_models_has_a_decoder_row_in_each(tmp_path: Path) -> None:
    """Eight of the planted features are in the first model only, and their latents say so."""
    directions, codes, onward = planted()
    shared = codes.clone()
    shared[:, :8] = 0
    first = store_of(tmp_path / "first", {SITE: codes @ directions})
    other = store_of(tmp_path / "other", {SITE: shared @ onward / 4}, model="sha256:other")
    dictionary, report = fit(first, QUICK, tmp_path / "d", reads=[SITE], beside=other)
    assert dictionary.models == ("sha256:m", "sha256:other")
    assert (dictionary.reads, dictionary.d_in) == ((SITE, SITE), 2 * D)
    assert report.fvu < 0.2
    here, there = (part / dictionary.W_dec.norm() for part in dictionary.W_dec.split(D, dim=1))
    best = (here / here.norm(dim=1, keepdim=True) @ directions.T).argmax(0)
    share = there.norm(dim=1)[best] / (here.norm(dim=1)[best] + there.norm(dim=1)[best])
    assert share[:8].median() < 0.2 < 0.35 < share[8:].median()
    strange = store_of(tmp_path / "strange", {SITE: codes[: ROWS - 100] @ directions})
    with pytest.raises(CasebackError, match="hold different tokens"):
        fit(first, QUICK, tmp_path / "e", reads=[SITE], beside=strange)


def test_nested_prefixes_reconstruct_by_themselves(store: Store, tmp_path: Path) -> None:
    settings = replace(QUICK, kind="batchtopk", nested=(0.25, 0.5))
    nested, _ = fit(store, settings, tmp_path / "nested", reads=[SITE])
    plain, _ = fit(store, replace(settings, nested=()), tmp_path / "plain", reads=[SITE])
    x = store.read(SITE, np.arange(2000)).float()

    def of_prefix(d: Any) -> float:
        codes = encode(d, x).dense()
        return fvu(x, codes[:, :12] @ d.W_dec[:12] + d.b_dec)

    assert of_prefix(nested) < of_prefix(plain) - 0.05


@pytest.mark.parametrize("case", [{}, {"kind": "batchtopk", "nested": (0.5,)}, {"kind": "jumprelu", "skip": True}])
def test_killed_it_goes_on_bit_equal(
    store: Store, tmp_path: Path, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUICK, tokens=512 * 30, dead_after=2000, **case)
    whole, _ = fit(store, settings, tmp_path / "whole", reads=[SITE])
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)

    def dies(progress: Progress) -> None:
        if progress.step == 17:
            raise KilledError

    with pytest.raises(KilledError):
        fit(store, settings, tmp_path / "killed", reads=[SITE], progress=dies)
    seen: list[int] = []
    again, _ = fit(store, settings, tmp_path / "killed", reads=[SITE], progress=lambda p: seen.append(p.step))
    assert seen == list(range(17, 31))
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip"):
        mine, theirs = getattr(whole, name), getattr(again, name)
        assert mine is theirs is None or mine.equal(theirs)
    files = [(tmp_path / name / "dictionary.json").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]


def test_the_dictionary_does_what_the_trained_one_did(store: Store) -> None:
    """Folding the scales away changes nothing but the units."""
    acts = store.read(SITE, np.arange(4000)).float()
    scaling = measure_scaling(acts, 1)
    settings = replace(QUICK, tokens=512 * 20)
    training = begin(settings, D, D, dtype=torch.float32, device=torch.device("cpu"))
    from caseback.interp.dictionary.kernels import plain

    x = scaling.apply(acts)
    for step in range(20):
        train_step(training, x[step * 100 : step * 100 + 512], x[step * 100 : step * 100 + 512], settings, plain)
    own = in_own_units(
        training,
        scaling,
        scaling,
        k=3,
        threshold=None,
        sites=((SITE,), (SITE,)),
        models=(),
        tokenizer="",
        provenance={},
    )
    pre = x @ training.W_enc.T + training.b_enc
    best = pre.topk(3, dim=1)
    codes = torch.zeros_like(pre).scatter_(1, best.indices, best.values.relu())
    x_hat = (codes @ training.W_dec + training.b_dec) * scaling.scale + scaling.centre
    torch.testing.assert_close(reconstruct(own, acts), x_hat, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(own.W_dec.norm(dim=1), torch.ones(48))


def test_a_threshold_stands_in_for_k(store: Store, tmp_path: Path) -> None:
    dictionary, _ = fit(store, QUICK, tmp_path, reads=[SITE])
    x = store.read(SITE, np.arange(6000)).float()
    own = with_threshold(dictionary, x[:3000])
    assert l0(encode(own, x[:3000])) == pytest.approx(3, rel=0.02)
    assert l0(encode(own, x[3000:])) == pytest.approx(3, rel=0.1)
    with pytest.raises(CasebackError, match="has a threshold already"):
        with_threshold(own, x)


def test_dead_latents_are_revived(store: Store, tmp_path: Path) -> None:
    """Latents that never are among the highest are not trained by themselves; with AuxK they come back."""
    alive = []
    for aux in (0.0, 1 / 32):
        settings = replace(QUICK, tokens=512 * 300, dead_after=5000, aux=aux, k=2)
        training = begin(settings, D, D, dtype=torch.float32, device=torch.device("cpu"))
        training.b_enc[24:] = -2.5
        from caseback.interp.dictionary.kernels import plain

        acts = store.read(SITE, np.arange(ROWS)).float()
        x = measure_scaling(acts, 1).apply(acts)
        for step in range(300):
            rows = torch.randint(0, ROWS, (512,), generator=torch.Generator().manual_seed(step))
            train_step(training, x[rows], x[rows], settings, plain)
        alive.append(int((training.idle[24:] < 5000).sum()))
    assert alive[0] < 4
    assert alive[1] > alive[0] + 8


def test_what_cannot_be_trained_is_said_in_one_line(store: Store, tmp_path: Path) -> None:
    fit(store, replace(QUICK, tokens=1024), tmp_path / "d", reads=[SITE])
    with pytest.raises(CasebackError, match="has a training with another k"):
        fit(store, replace(QUICK, tokens=1024, k=4), tmp_path / "d", reads=[SITE])
    fit(store, replace(QUICK, tokens=1024, k=4), tmp_path / "d", reads=[SITE], fresh=True)
    with pytest.raises(CasebackError, match=r"has no site resid_pre\.0"):
        fit(store, QUICK, tmp_path / "e", reads=[Site("resid_pre", 0)])
    with pytest.raises(CasebackError, match="do not vary"):
        fit(store_of(tmp_path / "flat", {SITE: torch.ones(400, 4)}), QUICK, tmp_path / "f", reads=[SITE])
    with pytest.raises(CasebackError, match=r"diverged at step .*lower the learning rate"):
        fit(store, replace(QUICK, learning_rate=1e30), tmp_path / "g", reads=[SITE])
    with pytest.raises(CasebackError, match="no kind of dictionary 'gated'"):
        Settings(width=8, kind="gated")
    with pytest.raises(CasebackError, match="k is 9"):
        Settings(width=8, k=9)
    with pytest.raises(CasebackError, match="nested is"):
        Settings(width=8, k=2, nested=(0.5, 0.2))
    checkpoint = tmp_path / "d" / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-5])
    with pytest.raises(CasebackError, match=r"cannot be read .*delete it to start afresh"):
        fit(store, replace(QUICK, tokens=1024, k=4), tmp_path / "d", reads=[SITE])


def test_a_full_disk_is_one_line_and_it_goes_on_later(
    store: Store, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUICK, tokens=512 * 12, width=4096)
    whole, _ = fit(store, settings, tmp_path / "whole", reads=[SITE])
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    with pytest.raises(CasebackError, match="No space left on device: free some space") as caught:
        fit(store, settings, small_disk / "d", reads=[SITE])
    assert "\n" not in str(caught.value)
    import subprocess

    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    again, _ = fit(store, settings, small_disk / "d", reads=[SITE])
    assert again.W_dec.equal(whole.W_dec)
