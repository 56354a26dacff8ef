"""How sentences become the model's windows, and its output becomes tags: the same wherever a model is used.

What is asked for counts, else what the model was trained with, which its config records; else the longest input that
it can take, but no more than a default. A training of entities decodes with Viterbi by default and records it; a model
without a record is read by each word's most probable tag.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from token_classification.arguments.values import check_values

if TYPE_CHECKING:
    # `--help` reads this file, and must not wait for a library.
    from transformers import PreTrainedConfig

Decoder = Literal["argmax", "viterbi"]
Context = Literal["none", "sentences"]

WINDOW_KEY, DECODER_KEY, PADDING_KEY, CONTEXT_KEY = "tag_window", "tag_decoder", "tag_padding", "tag_context"
"""Keys of a model's config, beside its `tag_scheme`"""
CONTEXT_SIZE = 64
"""Sub-tokens that are read before and behind a sentence: as many as in FLERT (https://arxiv.org/abs/2011.06993)"""


@dataclass
class DecodingArguments:
    """How sentences become the model's windows, and its output becomes tags."""

    max_seq_length: int | None = field(
        default=None,
        metadata={
            "help": "Longest model input in sub-tokens, special tokens included. Longer sentences become overlapping "
            "windows. -1: the longest input the model can take. Default: what the model was trained with, else what "
            "it can take, but 512 at most."
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
    decoder: Decoder | None = field(
        default=None,
        metadata={
            "help": "How tags are chosen: the most probable tag of each word (argmax), or the most probable sequence "
            "of tags that the tag scheme allows (viterbi). Default: what the model was trained with; if that is "
            "unknown, viterbi for a training of entities, else argmax."
        },
    )
    context: Context | None = field(
        default=None,
        metadata={
            "help": "What is read with a sentence, and neither learnt nor tagged with it: nothing, or up to 64 "
            "sub-tokens of the sentences before and behind it in its document (-DOCSTART- lines, doc_id). Default: "
            "what the model was trained with, else none."
        },
    )

    def __post_init__(self) -> None:
        check_values(self)


def choose_window(asked: int | None, config: object) -> int | None:
    """Return the longest input in sub-tokens that counts for a model; None: the default, -1: what it can take.

    Args:
        asked: `--max_seq_length`; -1 for what the model can take, whatever it was trained with.
        config: That of the model.
    """
    wanted = getattr(config, WINDOW_KEY, None) if asked is None else asked
    return wanted if wanted is not None and (wanted > 0 or wanted == -1) else None


def choose_decoder(asked: Decoder | None, config: object) -> Decoder:
    """Return the decoder that counts for a model.

    One without a record was trained elsewhere, or before Viterbi was the default. The scheme of the former is a guess
    from the names of its labels, and if IOB1 is taken for IOB2, Viterbi loses entities; the latter was scored so.
    """
    return asked or getattr(config, DECODER_KEY, None) or "argmax"


def choose_context(asked: Context | None, config: object) -> int:
    """Return how many sub-tokens are read before and behind a sentence."""
    recorded = getattr(config, CONTEXT_KEY, 0)
    if asked is None:
        return recorded
    return (recorded or CONTEXT_SIZE) if asked == "sentences" else 0


def fill_in_decoder(
    decoding: DecodingArguments, config: "PreTrainedConfig", learns_entities: bool
) -> DecodingArguments:
    """Return the settings; where entities are learnt with Viterbi, unless a decoder is asked for or recorded.

    Args:
        decoding: What is asked for.
        config: That of the model to start from.
        learns_entities: The model is about to be trained, and on entities: their scheme is known.
    """
    default: Decoder | None = "viterbi" if learns_entities and not hasattr(config, DECODER_KEY) else None
    return replace(decoding, decoder=decoding.decoder or default)


def choose_padding(asked: bool, config: object) -> bool:
    """Return whether every window is padded to the longest input."""
    return asked or bool(getattr(config, PADDING_KEY, False))


def settle_decoding(decoding: DecodingArguments, config: "PreTrainedConfig") -> DecodingArguments:
    """Return the settings with the window, the decoder and the padding that count for a model."""
    return replace(
        decoding,
        max_seq_length=choose_window(decoding.max_seq_length, config),
        decoder=choose_decoder(decoding.decoder, config),
        pad_to_max_length=choose_padding(decoding.pad_to_max_length, config),
        context="sentences" if choose_context(decoding.context, config) else "none",
    )


def record_decoding(
    config: "PreTrainedConfig",
    asked: int | None,
    window_length: int,
    decoder: Decoder | None,
    context: Context | None = None,
) -> None:
    """Note in a model's config what it is trained or exported with, as far as it was asked for.

    Args:
        config: Is changed.
        asked: `--max_seq_length`.
        window_length: What became of it.
        decoder: `--decoder`; for a training from `fill_in_decoder`.
        context: `--context`.
    """
    if asked is not None:
        setattr(config, WINDOW_KEY, window_length)
    if decoder is not None:
        setattr(config, DECODER_KEY, decoder)
    if context is not None:
        setattr(config, CONTEXT_KEY, choose_context(context, config))


def record_padding(config: "PreTrainedConfig") -> None:
    """Note in a model's config that its windows are padded to the longest input, which its outputs depend on."""
    setattr(config, PADDING_KEY, True)
