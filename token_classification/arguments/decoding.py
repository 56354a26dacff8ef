"""How sentences become the model's windows, and its output becomes tags."""

from dataclasses import dataclass, field
from typing import Literal

from token_classification.arguments.values import check_values


@dataclass
class DecodingArguments:
    """How sentences become the model's windows, and its output becomes tags."""

    max_seq_length: int | None = field(
        default=None,
        metadata={
            "help": "Longest model input in sub-tokens, special tokens included. Longer sentences become overlapping "
            "windows. Default: the longest input the model can take."
        },
    )
    pad_to_max_length: bool = field(
        default=False,
        metadata={"help": "Pad every batch to max_seq_length instead of to its longest window."},
    )
    label_all_tokens: bool = field(
        default=False,
        metadata={"help": "Train on all sub-tokens of a word, not only the first. Scores are per word either way."},
    )
    doc_stride: int | None = field(
        default=None,
        metadata={
            "help": "How many sub-tokens neighbouring windows of a long sentence share. Default: a quarter of the "
            "window."
        },
    )
    long_sentences: Literal["window", "truncate", "error"] = field(
        default="window",
        metadata={
            "help": "What to do with sentences longer than max_seq_length: `window` keeps every word, `truncate` cuts "
            "them as the upstream script does (gold tags that are cut off count as missed), `error` lists them and "
            "stops."
        },
    )
    decoder: Literal["argmax", "viterbi"] = field(
        default="argmax",
        metadata={
            "help": "How tags are chosen: the most probable tag of each word (argmax), or the most probable sequence "
            "of tags that the tag scheme allows (viterbi)."
        },
    )

    def __post_init__(self):
        check_values(self)
