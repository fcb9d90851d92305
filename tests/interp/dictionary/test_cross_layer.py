"""A cross-layer transcoder has the gradients of dense autograd, finds what was planted, and goes on bit-equal."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from caseback.errors import CasebackError
from caseback.interp.dictionary import fit as module
from caseback.interp.dictionary.cross_layer import (
    CrossLayer,
    begin_cross_layer,
    cross_layer_gradients,
    cross_layer_step,
    level_across,
)
from caseback.interp.dictionary.cross_layer_fit import fit_cross_layer
from caseback.interp.dictionary.dictionary import encode
from caseback.interp.dictionary.files import load, save
from caseback.interp.dictionary.fit import Progress, fit
from caseback.interp.dictionary.kernels import build, compiled, plain
from caseback.interp.dictionary.quality import fvu
from caseback.interp.dictionary.scaling import measure_scaling
from caseback.interp.dictionary.select import select_across
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.together import biases_together, parts_of, written_together
from caseback.interp.store.store import Store
from caseback.subject.site import Site
from stores_for_tests import KilledError, store_of

needs_compiler = pytest.mark.skipif(build.shared_library() is None, reason="no C compiler here")
BOTH = [pytest.param(plain, id="plain"), pytest.param(compiled, id="compiled", marks=needs_compiler)]
L, B, D, F = 3, 96, 24, 120
READS, WRITES = ([Site(kind, layer) for layer in range(L)] for kind in ("mlp_in", "mlp_out"))


def in_training(kind: str, **changes: Any) -> tuple[CrossLayer, list[torch.Tensor], torch.Tensor, Settings]:
    """A training away from its start, where nothing is zero; the layers read inputs of unequal size."""
    settings = Settings(**{"width": F, "k": 6, "kind": kind, **changes})
    make = torch.Generator().manual_seed(1)
    training = begin_cross_layer(settings, L, D, dtype=torch.float32, device=torch.device("cpu"))
    for part in training.parts:
        for tensor in part.weights().values():
            tensor += 0.1 * torch.randn(tensor.shape, generator=make)
        part.b_dec[D:] = 0
        part.step = 1
    x = [torch.randn(B, D, generator=make) * (1 + layer / 2) for layer in range(L)]
    return training, x, torch.randn(B, L * D, generator=make), settings


def dense_loss(training: CrossLayer, x: list[torch.Tensor], y: torch.Tensor, settings: Settings) -> tuple[Any, ...]:
    """The loss by dense tensors and autograd, written from the definition, in double precision."""
    weights = [
        {name: tensor.double().requires_grad_() for name, tensor in part.weights().items()} for part in training.parts
    ]
    pre = torch.stack([x[n].double() @ w["W_enc"].T + w["b_enc"] for n, w in enumerate(weights)])
    if settings.kind == "topk":
        codes = pre.relu() * (pre >= pre.topk(settings.k, dim=2).values[..., -1:])
    else:
        codes = pre.relu() * (pre >= pre.flatten().topk(settings.k * B * L).values[-1])
    errors = []
    for later in range(L):
        made = weights[later]["b_dec"][:D] + sum(
            codes[layer] @ weights[layer]["W_dec"][:, (later - layer) * D : (later - layer + 1) * D]
            for layer in range(later + 1)
        )
        errors.append((made - y[:, later * D : (later + 1) * D].double()).square().mean())
    return torch.stack(errors).mean(), weights, codes


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
def test_gradients_are_those_of_dense_autograd(kind: str, kernels: ModuleType) -> None:
    training, x, y, settings = in_training(kind)
    loss, weights, codes = dense_loss(training, x, y, settings)
    found = cross_layer_gradients(training, x, y, settings, kernels)
    assert found[0].fvu == pytest.approx(float(loss.detach()), rel=1e-5)
    total = 0.0
    for layer, (each, own) in enumerate(zip(found, weights, strict=True)):
        truth = dict(zip(own, torch.autograd.grad(loss, list(own.values()), retain_graph=True), strict=True))
        assert set(each.by_name) == set(truth)
        for name, grad in truth.items():
            difference = float((each.by_name[name].double() - grad).norm() / grad.norm())
            assert difference < 2e-5, (layer, name, difference)
        total += float(sum(g.square().sum() for g in truth.values()))
        assert each.l0 == pytest.approx(float((codes[layer] > 0).sum() / B))
        assert (training.parts[layer].idle == 0).equal((codes[layer] > 0).any(0))
    assert sum(each.squares for each in found) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("kernels", BOTH)
def test_batchtopk_takes_the_highest_of_all_layers(kernels: ModuleType) -> None:
    training, x, y, settings = in_training("batchtopk")
    _, _, codes = dense_loss(training, x, y, settings)
    chosen = select_across(training.parts, x, settings, kernels)
    counts = [len(entries.values) for entries in chosen]
    assert sum(counts) == settings.k * B * L
    assert max(counts) > 1.1 * min(counts)  # inputs are of unequal size, so layers have unequal shares
    for layer, entries in enumerate(chosen):
        dense = torch.zeros(B, F, dtype=torch.float64)
        dense[entries.row_of(), entries.latents.long()] = entries.values.double()
        torch.testing.assert_close(dense, codes[layer].detach(), rtol=1e-4, atol=1e-5)
    level = level_across(training, x, settings, kernels)
    pre = torch.stack([x[n] @ part.W_enc.T + part.b_enc for n, part in enumerate(training.parts)])
    assert int((pre > level).sum()) == settings.k * B * L


@pytest.mark.parametrize("kernels", BOTH)
def test_steps_are_those_of_torch_adam_with_one_clipping(kernels: ModuleType) -> None:
    training, x, y, settings = in_training("topk", clip=0.02, learning_rate=1e-2, batch=B, tokens=B * 40)
    for part in training.parts:
        part.W_dec /= part.W_dec.norm(dim=1, keepdim=True)
        part.step = 0
    mirror, _, _, _ = in_training("topk")
    weights = [
        {name: torch.nn.Parameter(tensor.clone()) for name, tensor in part.weights().items()} for part in training.parts
    ]
    flat = [weight for own in weights for weight in own.values()]
    reference = torch.optim.Adam(flat, lr=1.0)
    for step in range(3):
        for part, own in zip(mirror.parts, weights, strict=True):
            for name, weight in own.items():
                setattr(part, name, weight.detach())
        loss, doubles, _ = dense_loss(mirror, x, y, settings)
        grads = torch.autograd.grad(loss, [double for own in doubles for double in own.values()])
        for weight, grad in zip(flat, grads, strict=True):
            weight.grad = grad.float()
        norm = float(torch.nn.utils.clip_grad_norm_(flat, settings.clip))
        reference.param_groups[0]["lr"] = settings.rate_at(step)
        reference.step()
        for own in weights:
            own["W_dec"].data /= own["W_dec"].data.norm(dim=1, keepdim=True)
        assert cross_layer_step(training, x, y, settings, kernels).norm == pytest.approx(norm, rel=1e-4)
        assert norm > settings.clip
    for part, own in zip(training.parts, weights, strict=True):
        for name, weight in own.items():
            torch.testing.assert_close(getattr(part, name), weight.detach(), rtol=1e-3, atol=5e-5, msg=name)


QUICK = Settings(width=32, k=2, tokens=300_000, batch=512, learning_rate=5e-3, dead_after=20_000)
PER_LAYER, ROWS = 12, 12_000


def planted_layers() -> tuple[dict[Site, torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """Activations of three layers: each reads two of twelve features of its own, which write all layers from it on.
    With the directions read, and what the features of each layer write, side by side.
    """
    make = torch.Generator().manual_seed(3)
    acts, directions, writes = {}, [], []
    out = [torch.zeros(ROWS, D) for _ in range(L)]
    for layer in range(L):
        ways = torch.linalg.qr(torch.randn(D, PER_LAYER, generator=make))[0].T
        codes = torch.zeros(ROWS, PER_LAYER)
        which = torch.stack([torch.randperm(PER_LAYER, generator=make)[:2] for _ in range(ROWS)])
        codes.scatter_(1, which, 1 + torch.rand(ROWS, 2, generator=make))
        acts[Site("mlp_in", layer)] = codes @ ways * 4 + 3
        rows = torch.randn(PER_LAYER, (L - layer) * D, generator=make)
        for later, part in enumerate(rows.split(D, dim=1)):
            out[layer + later] += codes @ part
        directions.append(ways)
        writes.append(rows)
    # Layers of unequal size, about unequal means.
    acts |= {Site("mlp_out", layer): out[layer] * (1 + 2 * layer) + layer for layer in range(L)}
    return acts, directions, writes


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("store") / "s", planted_layers()[0])


@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
def test_latents_that_write_later_layers_are_found(store: Store, tmp_path: Path, kind: str) -> None:
    _, directions, writes = planted_layers()
    found, reports = fit_cross_layer(store, replace(QUICK, kind=kind), tmp_path, layers=L)
    assert all(report.fvu < 0.08 for report in reports), reports
    assert sum(report.l0 for report in reports) == pytest.approx(2 * L, rel=0.2)
    rows = np.arange(ROWS - 500, ROWS)
    coded = [(d, encode(d, store.read(d.reads[0], rows).float())) for d in found]
    together = written_together(coded)
    for layer, dictionary in enumerate(found):
        assert dictionary.reads == (READS[layer],)
        assert dictionary.writes == tuple(WRITES[layer:])
        assert (dictionary.threshold is None) == (kind == "topk")
        # What is written, layer by layer, is along what was planted, and what is read too.
        scale = torch.cat([torch.full((D,), 1.0 + 2 * later) for later in range(layer, L)])
        cosines = normalize(dictionary.W_dec) @ normalize(writes[layer] * scale).T
        assert (cosines.max(0).values > 0.85).float().mean() > 0.9
        read = dictionary.W_enc.T[cosines.max(0).indices] @ directions[layer].T
        assert (read.argmax(1) == torch.arange(PER_LAYER)).float().mean() > 0.9
        y = store.read(WRITES[layer], rows).float()
        assert fvu(y, together[WRITES[layer]]) == pytest.approx(reports[layer].fvu, rel=0.3)
    # A layer's own latents alone miss what earlier ones write into it: what a per-layer transcoder has to do without.
    alone, report = fit(store, replace(QUICK, kind=kind), tmp_path / "alone", reads=[READS[2]], writes=[WRITES[2]])
    assert report.fvu > 0.4
    assert alone.width == found[2].width
    # Each mean is added once.
    none = [(d, replace(c, values_BK=c.values_BK * 0)) for d, c in coded]
    for site, bias in biases_together(found).items():
        torch.testing.assert_close(written_together(none)[site], bias.expand(500, -1))


def test_a_part_is_a_dictionary_on_disk(store: Store, tmp_path: Path) -> None:
    found, _ = fit_cross_layer(store, replace(QUICK, tokens=512 * 3), tmp_path / "c", layers=L)
    save(found[1], tmp_path / "d")
    again = load(tmp_path / "d")
    assert again.writes == tuple(WRITES[1:])
    assert again.provenance["cross_layer"] == L
    assert [part.shape for part in parts_of(again, again.W_dec).values()] == [(32, D), (32, D)]
    assert again.W_dec.equal(found[1].W_dec)


@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
def test_killed_it_goes_on_bit_equal(store: Store, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(QUICK, kind=kind, tokens=512 * 30, dead_after=2000)
    whole, _ = fit_cross_layer(store, settings, tmp_path / "whole", layers=L)
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)

    def dies(progress: Progress) -> None:
        if progress.step == 17:
            raise KilledError

    with pytest.raises(KilledError):
        fit_cross_layer(store, settings, tmp_path / "killed", layers=L, progress=dies)
    seen: list[int] = []
    again, _ = fit_cross_layer(store, settings, tmp_path / "killed", layers=L, progress=lambda p: seen.append(p.step))
    assert seen == list(range(17, 31))
    for mine, theirs in zip(whole, again, strict=True):
        for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold"):
            one, other = getattr(mine, name), getattr(theirs, name)
            assert one is other is None or one.equal(other)
        assert mine.provenance == theirs.provenance
    with pytest.raises(CasebackError, match="has a training with another k"):
        fit_cross_layer(store, replace(settings, k=3), tmp_path / "killed", layers=L)


def test_dead_latents_learn_from_the_error_of_the_layers_they_write(store: Store) -> None:
    alive = []
    acts = [measure_scaling(a, 1).apply(a) for site in (*READS, *WRITES) for a in [store.read(site, np.arange(ROWS))]]
    x, y = acts[:L], torch.cat(acts[L:], 1)
    for aux in (0.0, 1 / 32):
        settings = replace(QUICK, tokens=512 * 200, dead_after=5000, aux=aux)
        training = begin_cross_layer(settings, L, D, dtype=torch.float32, device=torch.device("cpu"))
        for part in training.parts:
            part.b_enc[6:] = -2.5
        for step in range(200):
            rows = torch.randint(0, ROWS, (512,), generator=torch.Generator().manual_seed(step))
            cross_layer_step(training, [each[rows] for each in x], y[rows], settings, plain)
        alive.append(sum(int((part.idle[6:] < 5000).sum()) for part in training.parts))
    print(alive)
    assert alive[1] > alive[0] + 8


@pytest.mark.parametrize(
    "changes", [{"kind": "jumprelu"}, {"nested": (0.5,)}, {"skip": True}, {"kind": "batchtopk", "groups": 2}]
)
def test_what_it_does_not_have_is_refused(store: Store, tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CasebackError, match="a cross-layer transcoder is topk or batchtopk"):
        fit_cross_layer(store, replace(QUICK, **changes), tmp_path, layers=L)
    with pytest.raises(CasebackError, match=r"no site mlp_in\.3"):
        fit_cross_layer(store, QUICK, tmp_path, layers=L + 1)
