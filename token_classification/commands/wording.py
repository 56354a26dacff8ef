"""Messages in the words of a command: the engine names flags of `run_ner.py`, some of which have other names here."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from token_classification.errors import RejectedError, StoppedError, UserError

COMMON_WORDS = {
    "--output_dir": "-r",
    ", or --overwrite_output_dir to write over it": "",
    "--model_name_or_path": "-m",
}
"""Flag of `run_ner.py` -> what every command with flags of its own calls it"""

VALUE = (
    r"\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Z][A-Z_]+|true|false|auto|no|none|bf16|fp16|int8|onnx|openvino|window"
    r"|text|jsonl|csv|conll|conllu|ontonotes|piped|parquet|text_and_labels|inline_xml|[^\s]+(?=: )"
)
"""What after a flag is its value, and not the next word of the sentence"""


def replace_flags(text: str, words: Mapping[str, str]) -> str:
    """Replace the flags of `run_ner.py` by other words.

    Args:
        text: A message of the engine.
        words: Flag, with more words around it where those change too -> what is typed instead: a flag, or a key, which
            has `=` before its value.

    >>> replace_flags("Give --learning_rate 5e-5, or a smaller --output_dir.", {"--learning_rate": "lr"})
    'Give lr=5e-5, or a smaller --output_dir.'
    """
    if "--" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        word, value = words[match["words"]], match["value"]
        if value is None:
            return word
        return f"{word} {value}" if "-" in word or "=" in word else f"{word}={value}"

    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    # Neither the end nor the beginning of a longer flag, nor what the text says to type after run_ner.py.
    return re.sub(
        rf"(?<!run_ner\.py )(?:(?<![\w-])|(?=[ ,]))(?P<words>{longest_first})(?!\w)(?: (?P<value>{VALUE})(?!\w))?",
        replace,
        text,
    )


@contextmanager
def rewording(words: Mapping[str, str]) -> Iterator[None]:
    """Rewrite the messages of errors that leave this block; their kind, cause and traceback stay."""
    try:
        yield
    except (UserError, StoppedError, RejectedError) as error:
        error.args = (replace_flags(str(error), words),)
        raise


class RewordingFormatter(logging.Formatter):
    """Puts the log lines of the engine into the words of a command."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__("%(message)s")
        self.words = words

    def format(self, record: logging.LogRecord) -> str:
        """Format one record, traceback included."""
        from token_classification.output_text import make_printable_lines

        return make_printable_lines(replace_flags(super().format(record), self.words))


@contextmanager
def speaking(words: Mapping[str, str]) -> Iterator[None]:
    """Log to stderr while a command works (stdout is for its answers); log and errors are in its words."""
    handler = logging.StreamHandler()
    handler.setFormatter(RewordingFormatter(words))
    package = logging.getLogger("token_classification")
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        with rewording(words):
            yield
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
