"""What a model's tokenizer makes of the words: those it gives nothing for, and sentences longer than its window."""

from collections.abc import Iterator

import numpy as np
import torch
from transformers import AutoModel, PreTrainedTokenizerBase

from token_classification.alignment.window_length import find_window_length
from token_classification.alignment.words import find_special_tokens, tokenize_words
from token_classification.arguments.decoding import choose_window
from token_classification.arguments.model import ModelArguments
from token_classification.checking.files import CheckedData
from token_classification.data.problems import Kind, Problem
from token_classification.modeling.build import load_config
from token_classification.modeling.source import name_model_problems
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.modeling.vocabulary import check_vocabulary


def find_window(model: ModelArguments, max_seq_length: int | None) -> tuple[PreTrainedTokenizerBase, int]:
    """Return the model's tokenizer and its longest input in positions, special tokens included; no weights are loaded.

    Raises:
        UserError: there is no such model.
    """
    tokenizer, config = load_tokenizer(model), load_config(model)
    check_vocabulary(tokenizer, config, model.model_name_or_path)
    with name_model_problems(model.model_name_or_path), torch.device("meta"):
        # Of a model with a deep head the encoder, which decides on the window.
        empty_model = AutoModel.from_config(config.get_text_config())
    return tokenizer, find_window_length(choose_window(max_seq_length, config), tokenizer, empty_model)


def find_tokenizer_problems(
    data: CheckedData, tokenizer: PreTrainedTokenizerBase, window_length: int
) -> Iterator[Problem]:
    """Yield words without sub-tokens at their lines, and sentences over the window at theirs."""
    counts = tokenize_words(tokenizer, data.words)[1]
    budget = window_length - len(find_special_tokens(tokenizer))
    for file in data.files:
        lengths = counts[file.word_ids]
        for position in np.flatnonzero(lengths == 0).tolist():
            text = (
                f"{data.words[file.word_ids[position]]!a} has no sub-tokens with this tokenizer; accepted: it is read "
                "as the unknown token and keeps its place; remove or correct it if it is a typo"
            )
            yield file.report_word(Kind.NO_SUB_TOKENS, position, text)
        borders = np.concatenate(([0], np.cumsum(np.maximum(lengths, 1))))[file.starts]
        for row in np.flatnonzero(np.diff(borders) > budget).tolist():
            text = (
                f"{borders[row + 1] - borders[row]:,} sub-tokens, and {budget} fit into the window; accepted: it is "
                "read in overlapping windows; split it if it is several sentences"
            )
            yield file.report_sentence(Kind.LONG_SENTENCE, row, text)
