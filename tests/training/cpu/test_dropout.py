import pytest
import torch
from torch import nn

from token_classification.training.cpu.dropout import CheapDropout, drop, replace_dropout

DTYPES = [torch.float32, torch.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_drops_the_share_that_is_asked_for_and_scales_the_rest(dtype, probability):
    torch.manual_seed(0)
    count = 1_000_003
    dropped = drop(torch.ones(count, dtype=dtype), probability)
    zeros = int((dropped == 0).sum())
    deviation = (count * probability * (1 - probability)) ** 0.5
    assert abs(zeros - count * probability) < 5 * deviation + count / 65536
    scale = torch.tensor(1 / (1 - probability), dtype=dtype)
    assert set(dropped.unique().tolist()) == {0.0, scale.item()}


@pytest.mark.parametrize("dtype", DTYPES)
def test_neighbours_are_dropped_independently(dtype):
    # Four values share one number of 64 bits: all 16 patterns of them come as often as chance says.
    torch.manual_seed(0)
    kept = (drop(torch.ones(400_000, dtype=dtype), 0.5) != 0).view(-1, 4)
    patterns = (kept * torch.tensor([1, 2, 4, 8])).sum(dim=1).bincount(minlength=16)
    expected = len(kept) / 16
    assert ((patterns - expected).abs() < 5 * expected**0.5).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_passes_where_the_value_passed(dtype):
    values = torch.randn(3, 5, 7).to(dtype).requires_grad_()
    dropped = drop(values, 0.3)
    dropped.sum().backward()
    scale = torch.tensor(1 / 0.7, dtype=dtype)
    assert torch.equal(values.grad, torch.where(dropped != 0, scale, torch.zeros((), dtype=dtype)))
    assert dropped.dtype == dtype


def test_a_seed_gives_the_same_draws_again():
    torch.manual_seed(7)
    first, second = drop(torch.ones(1000), 0.5), drop(torch.ones(1000), 0.5)
    torch.manual_seed(7)
    assert torch.equal(drop(torch.ones(1000), 0.5), first)
    assert not torch.equal(first, second)


def test_evaluation_drops_nothing():
    values = torch.randn(10)
    assert torch.equal(CheapDropout(0.5).eval()(values), values)
    assert torch.equal(CheapDropout(0.0)(values), values)
    assert not CheapDropout(1.0)(values).any()


def test_replaces_dropout_and_nothing_else_and_back():
    class Other(nn.Dropout):
        pass

    model = nn.Sequential(nn.Dropout(0.3), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.4).eval()), Other(0.2))
    replace_dropout(model, nn.Dropout, CheapDropout)
    assert [type(module) for module in model] == [CheapDropout, nn.Sequential, Other]
    assert (model[1][1].p, model[1][1].training) == (0.4, False)
    replace_dropout(model, CheapDropout, nn.Dropout)
    assert [type(module) for module in (model[0], model[1][1], model[2])] == [nn.Dropout, nn.Dropout, Other]
