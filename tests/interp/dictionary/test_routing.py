"""A routed dictionary: exact within the groups that it looks into, and the router learns which these should be."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary import fit as fit_module
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.files import load
from caseback.interp.dictionary.fit import fit
from caseback.interp.dictionary.kernels import build, compiled, plain
from caseback.interp.dictionary.routing import Router, candidates, groups_for, router_gradients
from caseback.interp.dictionary.saelens import write_saelens
from caseback.interp.dictionary.select import select
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import gradients
from caseback.interp.dictionary.training import Training, begin
from caseback.subject.site import Site
from stores_for_tests import KilledError, planted, store_of

needs_compiler = pytest.mark.skipif(build.shared_library() is None, reason="no C compiler here")
BOTH = [pytest.param(plain, id="plain"), pytest.param(compiled, id="compiled", marks=needs_compiler)]
SITE, D, WIDTH, GROUPS = Site("resid_post", 1), 16, 60, 12
SETTINGS = Settings(width=WIDTH, k=4, kind="batchtopk", groups=GROUPS, share=0.5, tokens=10_000, batch=200)


def in_training(settings: Settings) -> tuple[Training, torch.Tensor]:
    training = begin(settings, D, D, dtype=torch.float32, device=torch.device("cpu"))
    make = torch.Generator().manual_seed(4)
    for tensor in training.weights().values():
        tensor += 0.1 * torch.randn(tensor.shape, generator=make)
    return training, torch.randn(200, D, generator=make)


def open_groups(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, chosen: int) -> torch.Tensor:
    """Which latents are in chosen groups [B, WIDTH], by the formula."""
    best = (x @ weight.T + bias).topk(chosen, dim=1).indices
    there = torch.zeros(len(x), GROUPS, dtype=torch.bool).scatter_(1, best, True)
    return there.repeat_interleave(WIDTH // GROUPS, dim=1)


def dense(entries: object) -> torch.Tensor:
    codes = torch.zeros(entries.rows, entries.width)  # type: ignore[attr-defined]
    return codes.index_put_((entries.row_of(), entries.latents.long()), entries.values)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kernels", BOTH)
def test_candidates_are_all_above_the_floor_in_the_chosen_groups(kernels: ModuleType) -> None:
    training, x = in_training(SETTINGS)
    router = Router(training.router, training.b_router, 5)
    least = torch.rand(WIDTH)
    found = candidates(x, training.W_enc, training.b_enc, router, least, kernels)
    pre = x @ training.W_enc.T + training.b_enc
    truth = pre * ((pre > least) & open_groups(x, training.router, training.b_router, 5))
    torch.testing.assert_close(dense(found), truth)


@pytest.mark.parametrize("kernels", BOTH)
def test_with_all_groups_it_is_batchtopk(kernels: ModuleType) -> None:
    training, x = in_training(replace(SETTINGS, share=1.0))
    routed = select(training, x, replace(SETTINGS, share=1.0), kernels)
    whole = select(training, x, replace(SETTINGS, groups=0, share=1.0), kernels)
    torch.testing.assert_close(dense(routed), dense(whole))
    assert len(routed.values) == 4 * 200


@pytest.mark.parametrize("kernels", BOTH)
def test_gradients_are_those_of_dense_autograd_on_the_chosen_groups(kernels: ModuleType) -> None:
    training, x = in_training(SETTINGS)
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    weights = {name: getattr(training, name).double().requires_grad_() for name in names}
    pre = x.double() @ weights["W_enc"].T + weights["b_enc"]
    inside = open_groups(x, training.router, training.b_router, SETTINGS.chosen)
    allowed = pre.masked_fill(~inside, -1.0)
    codes = allowed.relu() * (allowed >= allowed.flatten().topk(4 * 200).values[-1])
    loss = (codes @ weights["W_dec"] + weights["b_dec"] - x).square().mean()
    truth = dict(zip(names, torch.autograd.grad(loss, list(weights.values())), strict=True))
    found = gradients(training, x, x, SETTINGS, kernels)
    rows = found.touched.long()
    for name in names:
        whole = truth[name]
        if name.startswith("W"):
            untouched = torch.ones(WIDTH, dtype=torch.bool)
            untouched[rows] = False
            assert not whole[untouched].any()
            whole = whole[rows]
        assert float((found.by_name[name] - whole).norm() / whole.norm()) < 2e-5, name


def test_the_routers_gradient_is_that_of_autograd() -> None:
    training, x = in_training(SETTINGS)
    pre = x @ training.W_enc.T + training.b_enc
    weight, bias = (tensor.clone().requires_grad_() for tensor in (training.router, training.b_router))
    held = torch.zeros(200, GROUPS)
    for row in range(200):
        held[row, pre[row].topk(4).indices // (WIDTH // GROUPS)] = 1
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight.T + bias, held)
    truth = torch.autograd.grad(loss, [weight, bias])
    found = router_gradients(x, pre, Router(training.router, training.b_router, 3), 4, plain)
    for mine, theirs in zip(found, truth, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-7)


def test_it_finds_planted_features_and_goes_on_bit_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directions, codes, _ = planted()
    store = store_of(tmp_path / "store", {SITE: codes @ directions * 3 + 7})
    settings = Settings(
        width=96, k=3, kind="batchtopk", groups=12, share=0.5, tokens=300_000, batch=512, learning_rate=5e-3,
        dead_after=20_000,
    )  # fmt: skip
    dictionary, report = fit(store, settings, tmp_path / "d", reads=[SITE])
    whole, full = fit(store, replace(settings, groups=0, share=1.0), tmp_path / "whole", reads=[SITE])
    assert whole.router is None
    assert report.fvu < full.fvu + 0.05
    assert report.l0 == pytest.approx(3, rel=0.2)
    again = load(tmp_path / "d")
    x = store.read(SITE, np.arange(300)).float()
    assert again.router is not None
    pre = x @ again.W_enc + again.b_enc
    scores = x @ again.router + again.b_router
    inside = torch.zeros(300, 12, dtype=torch.bool).scatter_(1, scores.topk(6, dim=1).indices, True)
    truth = pre * ((pre > again.threshold) & inside.repeat_interleave(8, dim=1))
    torch.testing.assert_close(encode(again, x).dense(), truth, rtol=1e-4, atol=1e-4)
    assert len(encode(again, x[:0])) == 0

    short = replace(settings, tokens=512 * 20)
    straight, _ = fit(store, short, tmp_path / "straight", reads=[SITE])
    monkeypatch.setattr(fit_module, "SAVE_SECONDS", 0.0)

    def dies(progress: object) -> None:
        if progress.step == 11:  # type: ignore[attr-defined]
            raise KilledError

    with pytest.raises(KilledError):
        fit(store, short, tmp_path / "killed", reads=[SITE], progress=dies)
    resumed, _ = fit(store, short, tmp_path / "killed", reads=[SITE])
    assert resumed.W_enc.equal(straight.W_enc)
    assert resumed.router.equal(straight.router)
    with pytest.raises(CasebackError, match="no dictionaries with a router"):
        write_saelens(dictionary, tmp_path / "saelens")


def test_groups_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CasebackError, match="7 groups: they must be of equal size in 60 latents"):
        replace(SETTINGS, groups=7)
    with pytest.raises(CasebackError, match="the kind batchtopk"):
        replace(SETTINGS, kind="topk")
    with pytest.raises(CasebackError, match="share is 0"):
        replace(SETTINGS, share=0.0)
    flat = torch.zeros(4, 8), torch.zeros(8), torch.zeros(8, 4), torch.zeros(4)
    with pytest.raises(CasebackError, match="3 chosen: not 8 latents' groups"):
        Dictionary(
            (SITE,),
            (SITE,),
            *flat,
            threshold=torch.zeros(8),
            router=torch.zeros(4, 2),
            b_router=torch.zeros(2),
            chosen=3,
        )


def test_the_share_falls_as_the_root_of_the_width() -> None:
    assert groups_for(16_384) == (0, 1.0)
    for width in (65_536, 262_144, 1_048_576):
        groups, share = groups_for(width)
        assert width % groups == 0
        assert share == pytest.approx((16_384 / width) ** 0.5)
