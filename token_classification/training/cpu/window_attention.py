"""Attention within the windows of long rows: in short rows, which cost what the windows do."""

from typing import Any

import torch

from token_classification.training.cpu.dropout import draw_factors
from token_classification.training.cpu.window_layout import Layout


class WindowAttention(torch.autograd.Function):
    """Attention of each position to its own window; the gradient is written out, which spares copies."""

    @staticmethod
    def forward(
        context: Any,  # noqa: ANN401 - torch's own
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        layout: Layout,
        scaling: float,
        dropout: float,
    ) -> torch.Tensor:
        """Return the weighted values, (positions x heads, size), as are query, key and value."""
        size = query.shape[-1]
        query, key, value = (
            part.index_select(0, layout.sources).view(-1, layout.length, size)
            for part in (query * scaling, key, value)
        )
        scores = torch.bmm(query, key.transpose(1, 2))
        scores.view(layout.rows, -1, layout.length, layout.length).add_(layout.hidden.to(scores.dtype))
        weights = scores.softmax(dim=-1)
        factors = draw_factors(weights, dropout) if dropout > 0 else torch.ones((), dtype=weights.dtype)
        context.save_for_backward(query, key, value, weights, factors)
        context.layout, context.scaling = layout, scaling
        return torch.bmm(weights * factors, value).view(-1, size).index_select(0, layout.slots)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[Any, ...]:  # noqa: ANN401
        """Return the gradients of query, key and value."""
        query, key, value, weights, factors = context.saved_tensors
        layout: Layout = context.layout
        # Nothing looks at a place without a vector.
        gradient = gradient.index_select(0, layout.sources).index_fill_(0, layout.empty, 0).view_as(value)
        of_value = torch.bmm((weights * factors).transpose(1, 2), gradient)
        of_weights = torch.bmm(gradient, value.transpose(1, 2)).mul_(factors)
        of_scores = torch._softmax_backward_data(of_weights, weights, -1, weights.dtype)
        of_query = torch.bmm(of_scores, key).mul_(context.scaling)
        of_key = torch.bmm(of_scores.transpose(1, 2), query)
        size = value.shape[-1]
        gradients = (part.view(-1, size).index_select(0, layout.slots) for part in (of_query, of_key, of_value))
        return *gradients, None, None, None


def attend_to_windows(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layout: Layout, scaling: float, dropout: float
) -> torch.Tensor:
    """Compute attention of each position to its own window.

    Args:
        query: (rows, heads, length, size), as are key and value.
        key: See query.
        value: See query.
        layout: Of these rows and heads.
        scaling: Factor of the products.
        dropout: Share of the attention weights that is dropped.

    Returns:
        The weighted values, (rows, length, heads, size).
    """
    rows, heads, length, size = query.shape
    # Models give their (rows, length, heads, size) transposed, so this copies nothing.
    vectors = (part.transpose(1, 2).reshape(-1, size) for part in (query, key, value))
    outputs: torch.Tensor = WindowAttention.apply(*vectors, layout, scaling, dropout)  # type: ignore[no-untyped-call]
    return outputs.view(rows, length, heads, size)
