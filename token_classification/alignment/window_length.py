"""The longest input of a model: what its config, its tokenizer and its table of positions say, or a sane default."""

import logging
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

POSITION_KEYS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "n_ctx")
"""The names that configs have for the longest input"""
NO_LIMIT = 10**9
"""From here on a number stands for "no limit": a tokenizer without one says 10^30"""
DEFAULT_WINDOW = 512
"""Longest input unless another one is asked for: attention takes time and memory by the square of it, and models that
take 8,192 positions or any number would do so with a batch of documents"""


class ModelConfig(Protocol):
    """The config of a model: that of transformers, or a file that is read without it."""

    def get_text_config(self) -> Any:  # noqa: ANN401 - whatever keys it has
        """Return the config of the part that reads text."""


def find_position_limit(config: ModelConfig) -> int | None:
    """Return the longest input that a model's config names; None: it names none, as for relative positions."""
    text_config = config.get_text_config()
    return _find_smallest([getattr(text_config, key, None) for key in POSITION_KEYS])


def find_window_length(wanted: int | None, tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel") -> int:
    """Return the longest input in positions that is used.

    Args:
        wanted: As `choose_window` returns it. -1: what tokenizer and model take. None: that, but `DEFAULT_WINDOW` at
            most.
        tokenizer: It may know a limit, too.
        model: The model, or its encoder; weights are not looked at.
    """
    limit = _find_limit(tokenizer, model)
    if wanted is None:
        if limit is not None and limit > DEFAULT_WINDOW:
            logger.info(
                "Windows of %d sub-tokens; the model takes %s: --max_seq_length -1 uses them all.",
                *(DEFAULT_WINDOW, f"{limit:,}"),
            )
        return min(limit or DEFAULT_WINDOW, DEFAULT_WINDOW)
    if wanted == -1:
        if limit is None:
            logger.warning(
                "The model names no longest input: windows of %d sub-tokens. --max_seq_length N gives others.",
                DEFAULT_WINDOW,
            )
        return limit or DEFAULT_WINDOW
    if limit is not None and wanted > limit:
        logger.warning("--max_seq_length %s is more than the model takes: %s is used.", wanted, limit)
    return min(wanted, limit or wanted)


def _find_limit(tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel") -> int | None:
    """Return the longest input that tokenizer, config and table of positions allow; None: any."""
    limits = [tokenizer.model_max_length, find_position_limit(model.config)]
    for name, module in model.named_modules():
        table = getattr(module, "weight", None)  # of an Embedding, or of a class like it (I-BERT's)
        if name.rpartition(".")[2] == "position_embeddings" and table is not None and table.ndim == 2:
            # RoBERTa and its kin count positions from padding_idx + 1: 514 rows hold 512 positions.
            padding_id = getattr(module, "padding_idx", None)
            limits.append(len(table) - (0 if padding_id is None else padding_id + 1))
    return _find_smallest(limits)


def _find_smallest(limits: list[float | None]) -> int | None:
    """Return the smallest that is a limit: XLNet says -1 for none, tokenizers 10^30."""
    return min((int(limit) for limit in limits if limit and 0 < limit < NO_LIMIT), default=None)
