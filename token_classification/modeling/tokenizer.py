"""The tokenizer, set up so that words are cut as they are in running text."""

import json
import logging
from typing import TYPE_CHECKING, Any, Protocol

from tokenizers import Tokenizer, normalizers

from token_classification.arguments.model import ModelArguments
from token_classification.modeling.source import hub_options, name_model_problems

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


class FastTokenizer(Protocol):
    """A tokenizer of transformers, or a file that is read without it."""

    @property
    def is_fast(self) -> bool:
        """Whether there is a `backend_tokenizer`."""

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """What does the work."""

    @property
    def name_or_path(self) -> str:
        """Where it is from, for messages."""


def load_tokenizer(arguments: ModelArguments, words_as_in_text: bool = True) -> "PreTrainedTokenizerBase":
    """Load the tokenizer, set up so that words are cut as they are in running text (unless told otherwise).

    The library makes a fast one of whatever files there are. Some exist in Python only: they work, word by word.

    Raises:
        UserError: no such tokenizer, or a package that reads its files is missing.
    """
    from transformers import AutoTokenizer

    name = arguments.tokenizer_name or arguments.model_name_or_path
    with name_model_problems(name):
        tokenizer = AutoTokenizer.from_pretrained(name, **hub_options(arguments))
        if words_as_in_text and has_byte_level_words(tokenizer):
            # Classes that build their own pre-tokenizer (RoBERTa, GPT-2) read this setting, also when loaded again.
            tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True, **hub_options(arguments))
    if words_as_in_text:
        add_prefix_space(tokenizer)
    return tokenizer


def has_byte_level_words(tokenizer: FastTokenizer) -> bool:
    """Whether a word at the start of a text and one behind a blank have different sub-tokens (byte-level BPE)."""
    return tokenizer.is_fast and any(step["type"] == "ByteLevel" for step in _pre_tokenizer_steps(tokenizer))


def add_prefix_space(tokenizer: FastTokenizer) -> None:
    """Make a byte-level tokenizer read each word as if a blank stood before it, as in running text.

    Without that, `["he", "went"]` becomes `he w ent` where text gives `he Ġwent`, and training sees other sub-tokens
    than inference. transformers ignores `add_prefix_space` for many classes, so the pre-tokenizer
    itself is changed: its own switch where ByteLevel stands alone, a normalizer where a regular expression cuts first.
    """
    if not has_byte_level_words(tokenizer) or _cuts_words_as_text(tokenizer):
        return
    backend = tokenizer.backend_tokenizer
    layout = json.loads(backend.to_str())
    if layout["pre_tokenizer"]["type"] == "ByteLevel":
        layout["pre_tokenizer"]["add_prefix_space"] = True
        changed = Tokenizer.from_str(json.dumps(layout))
        backend.pre_tokenizer = changed.pre_tokenizer
    else:
        prepend = normalizers.Prepend(" ")
        backend.normalizer = normalizers.Sequence([backend.normalizer, prepend]) if backend.normalizer else prepend
    if not _cuts_words_as_text(tokenizer):
        logger.warning(
            "%s cuts words otherwise than running text; scores on words will differ from those on raw text.",
            tokenizer.name_or_path,
        )


def _pre_tokenizer_steps(tokenizer: FastTokenizer) -> list[dict[str, Any]]:
    pre_tokenizer = json.loads(tokenizer.backend_tokenizer.to_str())["pre_tokenizer"] or {"type": None}
    return pre_tokenizer.get("pretokenizers", [pre_tokenizer])


def _cuts_words_as_text(tokenizer: FastTokenizer) -> bool:
    """Whether words and the same words in running text give the same sub-tokens."""
    words = ["he", "went", "to", "London", "Wednesday", "don't"]
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    as_words = backend.encode(words, is_pretokenized=True, add_special_tokens=False).ids
    as_text = backend.encode(f"x {' '.join(words)}", add_special_tokens=False).ids
    return as_text[-len(as_words) :] == as_words
