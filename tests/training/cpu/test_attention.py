"""Attention of a training on the CPU is that of the library but for precision and dropout's draws."""

import pytest
import torch
from torch import nn
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from token_classification.training.cpu import attention
from token_classification.training.cpu.attention import attend


class Layer(nn.Module):
    """What a model gives its attention as `module`."""

    is_causal = False


@pytest.fixture
def products() -> tuple[torch.Tensor, ...]:
    """Query, key and value of two rows, three heads and five positions."""
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(2, 3, 5, 8, generator=generator) for _ in range(3))


MASKS = {"none": None, "of padding": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])[:, None, None, :].bool()}


@pytest.mark.parametrize("scaling", [None, 0.2])
@pytest.mark.parametrize("mask", MASKS)
def test_without_dropout_it_is_the_librarys(mask, scaling, products):
    hidden = None if MASKS[mask] is None else MASKS[mask].expand(2, 1, 5, 5)
    values, weights = attend(Layer().train(), *products, hidden, scaling=scaling)
    expected, _ = sdpa_attention_forward(Layer(), *products, hidden, scaling=scaling)
    assert weights is None
    assert torch.allclose(values, expected, atol=1e-6)


def test_it_stays_in_the_precision_of_the_run(products):
    values, _ = attend(Layer().train(), *(part.bfloat16() for part in products), None)
    assert values.dtype == torch.bfloat16


def test_the_weights_are_dropped_not_the_values(products):
    torch.manual_seed(0)
    query, key, _ = products
    # With values of 1 the sum of the weights is seen: dropout changes it.
    values, _ = attend(Layer().train(), query, key, torch.ones_like(key), None, dropout=0.5)
    assert values.std() > 0.1
    assert values.mean() == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("kind", ["evaluation", "a causal layer", "positions in the scores"])
def test_everything_else_is_the_librarys_own_matter(kind, products, monkeypatch):
    layer, options = Layer().train(kind != "evaluation"), {}
    layer.is_causal = kind == "a causal layer"
    if kind == "positions in the scores":
        options["position_bias"] = torch.zeros(2, 3, 5, 5)
    monkeypatch.setattr(attention, "sdpa_attention_forward", lambda *args, **kwargs: "asked")
    assert attend(layer, *products, None, **options) == "asked"


def test_a_layer_that_does_not_say_whether_it_is_causal_is_left_to_the_library(products, monkeypatch):
    monkeypatch.setattr(attention, "sdpa_attention_forward", lambda *args, **kwargs: "asked")
    assert attend(nn.Module().train(), *products, None) == "asked"
