"""The sparse step has the gradients of dense autograd, for every kind of dictionary and with either kernels."""

from types import ModuleType
from typing import Any

import pytest
import torch

from caseback.interp.dictionary.kernels import build, compiled, plain
from caseback.interp.dictionary.revive import aux_gradients
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.step import gradients, train_step
from caseback.interp.dictionary.training import Training, begin

needs_compiler = pytest.mark.skipif(build.shared_library() is None, reason="no C compiler here")
BOTH = [pytest.param(plain, id="plain"), pytest.param(compiled, id="compiled", marks=needs_compiler)]
B, D, E, F = 96, 24, 24, 200
CASES: dict[str, dict[str, Any]] = {
    "topk": {},
    "batchtopk": {"kind": "batchtopk"},
    "jumprelu": {"kind": "jumprelu", "bandwidth": 0.4},
    "matryoshka": {"kind": "batchtopk", "nested": (0.1, 0.35)},
    "transcoder": {"width": F, "out": 16},
    "transcoder with skip": {"out": 16, "skip": True},
    "matryoshka transcoder with skip": {"out": 16, "skip": True, "nested": (0.2,)},
}


def in_training(case: str, **changes: Any) -> tuple[Training, torch.Tensor, torch.Tensor, Settings]:
    """A training away from its start, where nothing is zero or symmetric."""
    given = {"width": F, "k": 6, **CASES[case], **changes}
    out = given.pop("out", E)
    settings = Settings(**given)
    make = torch.Generator().manual_seed(1)
    training = begin(settings, D, out, dtype=torch.float32, device=torch.device("cpu"))
    for tensor in training.weights().values():
        tensor += 0.1 * torch.randn(tensor.shape, generator=make)
    training.step = 1
    if training.log_threshold is not None:
        training.log_threshold += 0.3
    return training, torch.randn(B, D, generator=make), torch.randn(B, out, generator=make), settings


class Jump(torch.autograd.Function):
    """JumpReLU and the L0 step with their straight-through gradients, as in the paper's appendix."""

    @staticmethod
    def forward(ctx: Any, pre: torch.Tensor, threshold: torch.Tensor, bandwidth: float, step: bool) -> torch.Tensor:
        ctx.save_for_backward(pre, threshold)
        ctx.bandwidth, ctx.step = bandwidth, step
        active = (pre > threshold).to(pre.dtype)
        return active if step else pre * active

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:  # type: ignore[override]
        pre, threshold = ctx.saved_tensors
        near = ((pre - threshold).abs() < ctx.bandwidth / 2).to(pre.dtype)
        of_threshold = -(1.0 if ctx.step else threshold) / ctx.bandwidth * near * grad
        of_pre = torch.zeros_like(pre) if ctx.step else grad * (pre > threshold)
        return of_pre, of_threshold.sum(0), None, None


def dense_loss(training: Training, x: torch.Tensor, y: torch.Tensor, settings: Settings) -> tuple[Any, Any, Any]:
    """The loss by dense tensors and autograd, in double precision; with its weights and the codes."""
    weights = {name: tensor.double().requires_grad_() for name, tensor in training.weights().items()}
    x, y = x.double(), y.double()
    pre = x @ weights["W_enc"].T + weights["b_enc"]
    penalty: Any = 0.0
    if settings.kind == "topk":
        least = pre.topk(settings.k, dim=1).values[:, -1:]
        codes = pre.relu() * (pre >= least)
    elif settings.kind == "batchtopk":
        least = pre.flatten().topk(settings.k * len(x)).values[-1]
        codes = pre.relu() * (pre >= least)
    else:
        threshold = weights["log_threshold"].exp()
        codes = Jump.apply(pre, threshold, settings.bandwidth, False)
        l0 = Jump.apply(pre, threshold, settings.bandwidth, True).sum() / len(x)
        penalty = settings.sparsity * (l0 / settings.k - 1) ** 2
    errors = []
    for bound in settings.bounds:
        x_hat = codes[:, :bound] @ weights["W_dec"][:bound] + weights["b_dec"]
        if "W_skip" in weights:
            x_hat = x_hat + x @ weights["W_skip"]
        errors.append((x_hat - y).square().mean())
    return torch.stack(errors).mean() + penalty, weights, codes


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_dense_autograd(case: str, kernels: ModuleType) -> None:
    training, x, y, settings = in_training(case)
    loss, weights, codes = dense_loss(training, x, y, settings)
    truth = dict(zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True))
    found = gradients(training, x, y, settings, kernels)
    assert set(found.by_name) == set(truth)
    for name, grad in truth.items():
        difference = float((found.by_name[name].double() - grad).norm() / grad.norm())
        assert difference < 2e-5, (name, difference)
    assert found.squares == pytest.approx(float(sum(g.square().sum() for g in truth.values())), rel=1e-4)
    assert found.l0 == pytest.approx(float((codes > 0).sum() / len(x)))
    fired = (codes > 0).any(0)
    assert (training.idle == 0).equal(fired)


@pytest.mark.parametrize("aux_k", [7, 500])
def test_the_auxiliary_gradient_is_that_of_dense_autograd(aux_k: int) -> None:
    training, x, y, settings = in_training("topk", aux_k=aux_k)
    dead = torch.arange(0, F, 3)
    found = aux_gradients(training, dead, x, y, settings)
    rows = {name: getattr(training, name)[dead].double().requires_grad_() for name in ("W_enc", "b_enc", "W_dec")}
    pre = x.double() @ rows["W_enc"].T + rows["b_enc"]
    z = pre.relu()
    if aux_k < len(dead):
        z = z * (z >= z.topk(aux_k, dim=1).values[:, -1:])
    loss = settings.aux * (y - z @ rows["W_dec"]).square().sum() / y.double().square().sum()
    for (name, grad), got in zip(
        zip(rows, torch.autograd.grad(loss, list(rows.values())), strict=True),
        (found[name] for name in rows),
        strict=True,
    ):
        torch.testing.assert_close(got.double(), grad, rtol=1e-3, atol=1e-8, msg=name)


@pytest.mark.parametrize("kernels", BOTH)
def test_steps_are_those_of_torch_adam_with_clipping(kernels: ModuleType) -> None:
    training, x, y, settings = in_training("matryoshka", clip=0.05, learning_rate=1e-2, batch=B, tokens=B * 40)
    training.W_dec /= training.W_dec.norm(dim=1, keepdim=True)
    training.step = 0
    weights = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in training.weights().items()}
    reference = torch.optim.Adam(list(weights.values()), lr=1.0)
    for step in range(3):
        mirror = begin(settings, D, E, dtype=torch.float32, device=torch.device("cpu"))
        for name, weight in weights.items():
            setattr(mirror, name, weight.detach())
        loss, doubles, _ = dense_loss(mirror, x, y, settings)
        grads = torch.autograd.grad(loss, list(doubles.values()))
        for weight, grad in zip(weights.values(), grads, strict=True):
            weight.grad = grad.float()
        norm = float(torch.nn.utils.clip_grad_norm_(weights.values(), settings.clip))
        reference.param_groups[0]["lr"] = settings.rate_at(step)
        reference.step()
        weights["W_dec"].data /= weights["W_dec"].data.norm(dim=1, keepdim=True)
        found = train_step(training, x, y, settings, kernels)
        assert found.norm == pytest.approx(norm, rel=1e-4)
        assert norm > settings.clip
    for name, weight in weights.items():
        torch.testing.assert_close(getattr(training, name), weight.detach(), rtol=1e-3, atol=2e-5, msg=name)


@pytest.mark.parametrize("kernels", BOTH)
def test_bf16_encoding_changes_gradients_by_its_rounding_only(kernels: ModuleType) -> None:
    training, x, y, settings = in_training("topk")
    exact = gradients(training, x, y, settings, kernels).by_name
    training.half = training.W_enc.bfloat16()
    rounded = gradients(training, x, y, settings, kernels).by_name
    for name, grad in exact.items():
        assert 0 < float((rounded[name] - grad).norm() / grad.norm()) < 0.25, name


def test_only_dead_latents_are_revived() -> None:
    training, x, y, settings = in_training("topk", dead_after=1000)
    alone = gradients(training, x, y, settings, plain)
    silent = (alone.by_name["W_dec"].abs().sum(1) == 0).nonzero()[:, 0]
    assert len(silent) > 3
    training.idle[silent[:3]] = 5000
    found = gradients(training, x, y, settings, plain)
    moved = (found.by_name["W_dec"] != alone.by_name["W_dec"]).any(1).nonzero()[:, 0]
    assert set(moved.tolist()) <= set(silent[:3].tolist())
    assert len(moved) > 0
    total = sum(float(g.double().square().sum()) for g in found.by_name.values())
    assert found.squares == pytest.approx(total, rel=1e-5)
