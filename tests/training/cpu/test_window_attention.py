"""Attention that takes long rows apart is that of the mask, in its gradients, too."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from token_classification.training.cpu import attention, window_layout
from token_classification.training.cpu.attention import attend
from token_classification.training.cpu.window_layout import find_layout, find_windows

HEADS, SIZE = 3, 8


class Layer(nn.Module):
    """What a model gives its attention as `module`."""

    is_causal = False


def make_mask(rows):
    """Make the mask of rows of windows, given their lengths."""
    owners = torch.stack([torch.arange(len(row)).repeat_interleave(torch.tensor(row)) for row in rows])
    return owners[:, None, :, None] == owners[:, None, None, :]


def draw_inputs(mask, dtype=torch.float32):
    """Draw query, key and value as models give them: (rows, length, heads, size), transposed."""
    generator = torch.Generator().manual_seed(0)
    shape = mask.shape[0], mask.shape[-1], HEADS, SIZE
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for _ in range(3)]


def compute(inputs, mask, **options):
    """Return the values that attention computes, and the gradients of some function of them."""
    values, _ = attend(Layer().train(), *(part.transpose(1, 2) for part in inputs), mask, **options)
    return [values, *torch.autograd.grad((values * torch.arange(SIZE)).sin().sum(), inputs)]


lengths = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@given(st.lists(lengths, min_size=1, max_size=3), st.sampled_from([None, 0.3]))
def test_it_is_the_attention_of_the_mask(rows, scaling):
    longest = max(map(sum, rows))
    mask = make_mask([row if sum(row) == longest else [*row, longest - sum(row)] for row in rows])
    inputs = draw_inputs(mask)
    found = compute(inputs, mask, scaling=scaling)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "find_layout", lambda mask, heads: None)
        expected = compute(inputs, mask, scaling=scaling)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_long_rows_become_short_ones():
    layout = find_layout(make_mask([[30] * 16, [60] * 8]), HEADS)
    assert layout.length < 100
    assert layout.rows * layout.length < 1.3 * 2 * 480


def test_gradients_with_dropout_are_those_of_what_was_computed():
    mask = make_mask([[3, 5, 2], [4, 4, 2]])
    inputs = [part.detach().transpose(1, 2).requires_grad_() for part in draw_inputs(mask, torch.float64)]

    def attend_again(query, key, value):
        torch.manual_seed(0)
        return attend(Layer().train(), query, key, value, mask, dropout=0.4)[0]

    assert torch.autograd.gradcheck(attend_again, inputs)
    whole = attend(Layer().train(), *inputs, mask)[0]
    assert not torch.allclose(attend_again(*inputs), whole)


def test_it_stays_in_the_precision_of_the_run():
    mask = make_mask([[3, 5], [4, 4]])
    found = compute(draw_inputs(mask, torch.bfloat16), mask, dropout=0.1)
    assert {part.dtype for part in found[1:]} == {torch.bfloat16}


def test_windows_are_found():
    assert find_windows(make_mask([[3, 1, 4], [8]])).tolist() == [0, 3, 4, 8]


NEAR = torch.ones(1, 1, 8, 8).tril(2).triu(-2).bool()


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(2, 1, 8, 8).tril().bool(),
        NEAR,
        make_mask([[5, 3]]) & NEAR,
        (torch.arange(8) < 5).expand(2, 1, 8, 8),
        make_mask([[5, 3]]).expand(1, 2, 8, 8),
        torch.zeros(1, 1, 8, 8),
    ],
    ids=["causal", "local", "local within windows", "of padding", "of each head", "numbers"],
)
def test_other_masks_are_none_of_windows(mask):
    assert find_windows(mask) is None
    assert find_layout(mask, HEADS) is None


def test_rows_of_one_window_each_are_left_as_they_are():
    assert find_layout(make_mask([[8], [8]]), HEADS) is None


def test_a_mask_is_looked_at_once(monkeypatch):
    mask, looked_at = make_mask([[3, 5]]), []
    find = find_windows
    monkeypatch.setattr(window_layout, "find_windows", lambda mask: (looked_at.append(mask), find(mask))[1])
    first = find_layout(mask, HEADS)
    assert find_layout(mask, HEADS) is first
    assert len(looked_at) == 1
    other = find_layout(make_mask([[5, 3]]), HEADS)
    assert not np.array_equal(other.sources, first.sources)
