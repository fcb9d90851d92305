"""The spectrum of a weight change, against changes that were planted."""

import math

import pytest
import torch
from planted_differences import PLANTED, change, subject

from caseback.errors import CasebackError
from caseback.interp.difference.spectrum import ranks_of, singular_values, weight_spectrum
from models_for_tests import tiny


def test_a_planted_change_of_rank_one_is_found_in_the_right_matrix_with_its_norm(pair) -> None:
    before, after = pair
    first, *rest = weight_spectrum(before.model, after.model)
    assert first.name == PLANTED
    assert first.norm == pytest.approx(3.0, rel=1e-5)
    assert first.relative == pytest.approx(3.0 / before.model.get_parameter(PLANTED).norm().item(), rel=1e-5)
    assert first.ranks.effective == pytest.approx(1.0, abs=0.01)
    assert (first.ranks.stable, first.ranks.largest) == pytest.approx((1.0, 1.0), abs=1e-4)
    assert first.ranks.rank90 == 1
    assert first.values[0] == pytest.approx(3.0, rel=1e-5)
    # A random change of the same norm is nothing like it.
    assert first.random.effective > 20
    assert first.random.rank90 > 10
    assert all(each.norm == 0 and each.ranks is None for each in rest)
    assert len(rest) + 1 == len(list(before.model.named_parameters()))


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_equal_singular_values_have_the_rank_that_they_are(rank: int) -> None:
    values = torch.cat([torch.full((rank,), 2.0), torch.zeros(7)])
    found = ranks_of(values)
    assert (found.effective, found.stable) == pytest.approx((rank, rank))
    assert found.rank90 == math.ceil(0.9 * rank)
    assert found.largest == pytest.approx(1 / math.sqrt(rank))


def test_no_change_has_no_rank() -> None:
    assert ranks_of(torch.zeros(4)) is None


@pytest.mark.parametrize("shape", [(5, 300), (300, 5)])
def test_values_by_the_gram_matrix_are_those_of_the_decomposition(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(singular_values(matrix), torch.linalg.svdvals(matrix.double()), rtol=1e-7, atol=1e-7)


def test_experts_are_told_one_by_one() -> None:
    before, after = (tiny("mixtral")[0] for _ in range(2))
    name = next(n for n, weight in after.named_parameters() if weight.dim() == 3)
    with torch.no_grad():
        after.get_parameter(name)[2] += torch.outer(*(torch.ones(s) for s in after.get_parameter(name).shape[1:]))
    changed = [each for each in weight_spectrum(before, after) if each.norm]
    assert [each.name for each in changed] == [f"{name}[2]"]
    assert changed[0].ranks.effective == pytest.approx(1.0, abs=0.01)


def test_models_of_two_shapes_and_weights_that_are_not_finite_are_refused_in_one_line() -> None:
    before, other = subject("a").model, tiny("llama", intermediate_size=48)[0]
    with pytest.raises(CasebackError, match=r"is \(32, 64\) in the first model and \(32, 48\) in the second"):
        weight_spectrum(before, other)
    broken = subject("b").model
    change(broken, PLANTED, 1, float("nan"))
    with pytest.raises(CasebackError, match="is not finite in one of the models"):
        weight_spectrum(before, broken)
