"""Muon against PyTorch's own, which iterates in bfloat16."""

import torch
from torch import nn

from caseback.world.muon import Muon, orthogonal


def test_a_step_is_that_of_torch() -> None:
    torch.manual_seed(0)
    shapes = ((24, 24), (24, 24), (40, 24), (24, 40))
    ours = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = [nn.Parameter(p.detach().clone()) for p in ours]
    mine, reference = Muon(ours, lr=0.02, weight_decay=0.05), torch.optim.Muon(theirs, lr=0.02, weight_decay=0.05)
    for _ in range(3):
        before = [p.detach().clone() for p in theirs]
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn(p.shape)
            q.grad = p.grad.clone()
        mine.step()
        reference.step()
        for p, q, was in zip(ours, theirs, before, strict=True):
            moved = (q.detach() - was).norm()
            assert (p.detach() - q.detach()).norm() < 0.05 * moved  # theirs rounds to eight bits
            q.data.copy_(p.data)


def test_singular_values_come_near_one() -> None:
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 20, 50)))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_matrices_without_gradient_stay() -> None:
    still, moved = nn.Parameter(torch.ones(4, 4)), nn.Parameter(torch.ones(4, 4))
    moved.grad = torch.eye(4)
    Muon([still, moved], lr=0.1, weight_decay=0.1).step()
    assert torch.equal(still, torch.ones(4, 4))
    assert not torch.equal(moved, torch.ones(4, 4))
