"""Whether a tokenizer is the one that a model was trained with, as far as sizes tell."""

from typing import TYPE_CHECKING, Protocol

from token_classification.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from token_classification.modeling.plain_files import PlainConfig


class Vocabulary(Protocol):
    """A tokenizer of transformers, or a file that is read without it."""

    def get_vocab(self) -> dict[str, int]:
        """Return the number of each sub-token."""


def check_vocabulary(tokenizer: Vocabulary, config: "PreTrainedConfig | PlainConfig", name: str) -> None:
    """Hold the tokenizer's vocabulary against the rows of the model's embedding table.

    The table may be larger: it is often filled up to a multiple of 64 or 128, or has room for more tokens. But of a
    folder without its tokenizer.json the library makes a tokenizer that knows the special tokens only, without a word.

    Args:
        tokenizer: The tokenizer.
        config: The model's config.
        name: The model, for messages.

    Raises:
        UserError: sub-tokens without a row, or so few of them that it must be another tokenizer.
    """
    rows = getattr(config.get_text_config(), "vocab_size", None)
    if not rows:
        return  # a model that reads characters has no vocabulary
    numbers = tokenizer.get_vocab().values()
    highest = max(numbers, default=-1)
    if highest >= rows:
        found = f"its tokenizer gives numbers up to {highest:,}"
    elif len(numbers) < rows / 2:
        found = f"its tokenizer knows {len(numbers):,} sub-tokens only"
    else:
        return
    raise UserError(
        f"model {name}: {found}, but the model has an embedding for {rows:,}, so this is not the tokenizer that it "
        "was trained with, or its files are missing; accepted: the model's own tokenizer; put its tokenizer.json and "
        "tokenizer_config.json into the model's folder"
    )
