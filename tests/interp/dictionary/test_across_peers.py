"""Several processes train the dictionary that one would have trained, and each holds its own latents only."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st
from safetensors.torch import load_file

from caseback.errors import CasebackError
from caseback.interp.dictionary import fit as fit_module
from caseback.interp.dictionary import parts
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.entries import Entries
from caseback.interp.dictionary.files import load
from caseback.interp.dictionary.fit import Report, fit
from caseback.interp.dictionary.highest import highest, kth, of_batch, of_rows
from caseback.interp.dictionary.kernels import build
from caseback.interp.dictionary.peers import Peers
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import begin
from caseback.interp.store.store import Store, open_store
from caseback.subject.site import Site
from peers_for_tests import side_by_side
from stores_for_tests import D, KilledError, planted, store_of

SITE, OUT = Site("mlp_in", 1), Site("mlp_out", 1)
QUICK = Settings(width=48, k=3, kind="batchtopk", tokens=256 * 24, batch=256, learning_rate=5e-3, dead_after=1500)
ROUTED = replace(QUICK, groups=12, share=0.5)
CASES: dict[str, dict[str, Any]] = {
    "routed": {"settings": ROUTED},
    "batchtopk": {"settings": replace(QUICK, nested=(0.2, 0.7))},
    "topk": {"settings": replace(QUICK, kind="topk", k=2), "writes": [OUT]},
    "jumprelu": {"settings": replace(QUICK, kind="jumprelu", skip=True), "writes": [OUT]},
}
needs_compiler = pytest.mark.skipif(build.shared_library() is None, reason="no C compiler here")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directions, codes, onward = planted()
    acts = {SITE: codes @ directions * 5 + 30, OUT: codes @ onward + 2}
    return store_of(tmp_path_factory.mktemp("store") / "s", acts)


def trained(store: Store, folder: Path, count: int, settings: Settings, **more: Any) -> tuple[Dictionary, Report]:
    """The dictionary that so many processes write, read again, and the report, which all of them give."""
    folder_of = store.folder

    def work(peers: Peers) -> Report:
        given = {"reads": [SITE], "dtype": torch.float32, **more}
        return fit(open_store(folder_of), settings, folder, peers=peers, **given)[1]

    reports = side_by_side(count, work) if count > 1 else [work(Peers())]
    assert len({replace(report, seconds=0.0) for report in reports}) == 1
    return load(folder), reports[0]


def tensors(dictionary: Dictionary) -> dict[str, torch.Tensor]:
    names = ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip", "router", "b_router")
    return {name: tensor for name in names if (tensor := getattr(dictionary, name)) is not None}


@needs_compiler  # torch's own selection leaves open which of equal values it takes
@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("count", [2, 3])
def test_several_train_what_one_trains(store: Store, tmp_path: Path, case: str, count: int) -> None:
    one, alone = trained(store, tmp_path / "one", 1, **CASES[case])
    several, report = trained(store, tmp_path / "several", count, **CASES[case])
    assert tensors(one).keys() == tensors(several).keys()
    for name, tensor in tensors(one).items():
        size = tensor.square().mean().sqrt()
        assert float((tensors(several)[name] - tensor).abs().max() / size) < 1e-4, name
    assert report.fvu == pytest.approx(alone.fvu, rel=1e-5)
    assert report.l0 == pytest.approx(alone.l0, rel=1e-6)
    assert report.alive == alone.alive
    assert report.alive < 1 or case in ("topk", "jumprelu")  # so that dead latents were revived on the way
    assert report.rows == alone.rows
    about = [json.loads((tmp_path / name / "dictionary.json").read_text()) for name in ("one", "several")]
    for each in about:
        del each["provenance"]["report"]
    assert about[0] == about[1]
    assert not list((tmp_path / "several").glob("part-*"))
    assert json.loads((tmp_path / "several" / "report.json").read_text())["fvu"] == report.fvu


def test_stopped_they_go_on_bit_equal_and_twice_is_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, _ = trained(store, tmp_path / "straight", 2, ROUTED)
    monkeypatch.setattr(fit_module, "SAVE_SECONDS", 0.0)

    def dies(progress: Any) -> None:
        if progress.step == 11:
            raise KilledError

    with pytest.raises(KilledError):
        trained(store, tmp_path / "killed", 2, ROUTED, progress=dies)
    monkeypatch.setattr(parts, "COPIED", 300)  # bytes, so that the parts are joined row by row
    seen: list[int] = []
    again, _ = trained(store, tmp_path / "killed", 2, ROUTED, progress=lambda p: seen.append(p.step))
    assert sorted(set(seen)) == list(range(11, 25))
    for name, tensor in tensors(straight).items():
        assert tensors(again)[name].equal(tensor), name
    files = [(tmp_path / name / "dictionary.safetensors").read_bytes() for name in ("straight", "killed")]
    assert files[0] == files[1]


def test_a_state_that_not_all_have_written_is_passed_over(store: Store, tmp_path: Path) -> None:
    """One process wrote step 24, the other did not: both go on from the step before that both have."""
    short = replace(ROUTED, decay=1e-9, warmup=1e-9)  # so that the first steps do not depend on how many there are
    trained(store, tmp_path / "a", 2, short)
    path = tmp_path / "a" / "checkpoint-1-of-2.safetensors"
    last = load_file(path)
    assert last["W_enc"].shape == (24, D)  # no more than its own latents
    other = tmp_path / "a" / "checkpoint-2-of-2.safetensors"
    assert load_file(other)["b_dec"].equal(last["b_dec"])  # held by both, never sent
    other.rename(tmp_path / "gone")
    with pytest.raises(CasebackError, match="lacks the state of process 2 of 2"):
        trained(store, tmp_path / "a", 2, short)
    path.rename(path.with_name("checkpoint-1-of-2.new.safetensors"))
    seen: list[int] = []
    trained(store, tmp_path / "a", 2, short, progress=lambda p: seen.append(p.step))
    assert sorted(set(seen)) == list(range(1, 25))


def test_what_does_not_fit_together_is_said_in_one_line(store: Store, tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match=r"12 groups of latents do not .* among 8 processes: take 1, 2, 3, 4, 6"):
        begin(ROUTED, D, D, dtype=torch.float32, device=torch.device("cpu"), peers=Peers(0, 8))
    with pytest.raises(CasebackError, match=r"48 latents do not divide among 5 processes: take 1, 2, 3, 4, 6"):
        begin(QUICK, D, D, dtype=torch.float32, device=torch.device("cpu"), peers=Peers(0, 5))
    trained(store, tmp_path / "d", 2, ROUTED)
    with pytest.raises(CasebackError, match="has a training of 2 processes, and now there are 3: start 2"):
        trained(store, tmp_path / "d", 3, ROUTED)
    with pytest.raises(CasebackError, match="has a training of 2 processes, and now there are 1"):
        trained(store, tmp_path / "d", 1, ROUTED)
    trained(store, tmp_path / "d", 3, ROUTED, fresh=True)
    directions, codes, _ = planted()
    strange = store_of(tmp_path / "strange", {SITE: codes[:9000] @ directions})

    def work(peers: Peers) -> None:
        fit(store if peers.rank == 0 else strange, ROUTED, tmp_path / "e", reads=[SITE], peers=peers)

    with pytest.raises(CasebackError, match=r"process 2 has another rows \(.*\) than process 1 \(.*\): give all"):
        side_by_side(2, work)


@trials(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 3]), st.sampled_from([1, 5, 40]), st.booleans())
def test_the_highest_of_all_are_those_of_the_whole(seed: int, count: int, k: int, ties: bool) -> None:
    """By counting over the processes, and by sorting everything in one place."""
    make = torch.Generator().manual_seed(seed)
    whole = torch.randn(7, 12 * count, generator=make)
    if ties:
        whole = (2 * whole).round()
    columns = torch.arange(12 * count)
    # Positive ones by value; of equals the first.
    order = sorted(((r, c) for r in range(7) for c in range(12 * count)), key=lambda at: (-whole[at], at))

    def work(peers: Peers) -> tuple[torch.Tensor, ...]:
        mine = whole[:, peers.rank * 12 : (peers.rank + 1) * 12].contiguous()
        entries = Entries(torch.arange(8) * 12, columns[:12].repeat(7).int(), mine.flatten(), 12)
        batch, rows = of_batch(entries, min(k, 7 * 12), peers), of_rows(entries, k, peers)
        codes = torch.zeros(2, 7, 12)
        for i, found in enumerate((batch, rows)):
            codes[i, found.row_of(), found.latents.long()] = found.values
        return kth(mine, k, peers), highest(mine, k, peers), codes

    found = side_by_side(count, work)
    positive = whole.clamp(min=0)
    truth = positive.sort(1, descending=True).values
    cut = truth[:, k - 1] if k <= 12 * count else torch.zeros(7)
    assert all(each[0].equal(cut) for each in found)
    best = torch.zeros(7, 12 * count, dtype=torch.bool)
    for row in range(7):
        for at in [at for at in order if at[0] == row][:k]:
            best[at] = True
    assert torch.cat([each[1] for each in found], 1).equal(best & (whole > 0))
    codes = torch.cat([each[2] for each in found], 2)
    if count > 1:  # alone, the entries are taken for the highest of their rows already
        assert codes[1].equal(whole * (best & (whole > 0)))
    batch = torch.zeros(7, 12 * count)
    for at in order[: min(k, 7 * 12)]:
        batch[at] = max(0.0, float(whole[at]))
    assert codes[0].clamp(min=0).equal(batch)
