#!/usr/bin/env python
"""Split the sentences of a CoNLL file so that they fit a model, as the GermEval and WNUT'17 walk-throughs do.

python scripts/preprocess.py FILE MODEL MAX_LEN > OUT

Reads `word tag` lines (separated by blank or TAB; FILE `-` means standard input) and writes the same lines. A sentence
ends where its sub-tokens reach MAX_LEN minus the model's special tokens, between entities if possible. Words of only
control and space characters, or without sub-tokens, are dropped. A last line on stderr counts what happened.

run_ner.py does not need this: it reads long sentences in windows and keeps every word.
"""

import argparse
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.quick_imports import quick_imports

with quick_imports():
    from transformers import PreTrainedTokenizerBase
    from transformers.utils import logging as transformers_logging

    from token_classification.alignment.split_sentences import (
        Counts,
        TaggedLine,
        split_as_the_original,
        split_sentences,
    )
    from token_classification.alignment.words import find_placeholder, tokenize_words
    from token_classification.arguments.model import ModelArguments
    from token_classification.data.formats.conll_layout import is_boundary
    from token_classification.data.text_lines import open_bytes
    from token_classification.errors import DataError, UserError, list_problems
    from token_classification.exit_codes import run_command
    from token_classification.modeling.tokenizer import load_tokenizer

LINES_AT_ONCE = 50_000
"""Lines read ahead, so that the tokenizer gets many new words in one call."""
WORDS_REMEMBERED = 1_000_000
"""Distinct words whose sub-tokens are remembered; then the memory is emptied, so that it stays small."""


@dataclass
class SubTokenCounter:
    """How many sub-tokens each word has; every distinct word is tokenized once."""

    tokenizer: PreTrainedTokenizerBase
    known: dict[str, int] = field(default_factory=dict)

    def learn(self, words: Iterable[str]) -> None:
        """Tokenize the words that are not known yet, all in one call."""
        if len(self.known) > WORDS_REMEMBERED:
            self.known.clear()
        new = [word for word in dict.fromkeys(words) if word not in self.known]
        self.known.update(zip(new, tokenize_words(self.tokenizer, new)[1].tolist(), strict=True))


def main(argv: list[str]) -> None:
    """Check the arguments and the file, then write sentence by sentence."""
    options = parse_arguments(argv)
    transformers_logging.set_verbosity_error()
    tokenizer = load_tokenizer(ModelArguments(options.model), words_as_in_text=not options.legacy)
    budget = options.max_len - tokenizer.num_special_tokens_to_add()
    if budget < 1:
        raise UserError(
            f"MAX_LEN {options.max_len}: {options.model} adds {tokenizer.num_special_tokens_to_add()} special tokens "
            f"to a sentence; give at least {options.max_len + 1 - budget}."
        )
    counter = SubTokenCounter(tokenizer)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    write = write_as_the_original if options.legacy else write_sentences
    if options.file == "-":
        write(sys.stdin.buffer, "standard input", counter, budget, options)
        return
    with open_bytes(Path(options.file)) as file:
        # A pipe, as `<(grep ...)` gives one, can't be read twice: like the standard input, it is checked on the way.
        if file.seekable():
            check_lines(file, options)
            file.seek(0)
        write(file, options.file, counter, budget, options)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Read FILE MODEL MAX_LEN and the switches.

    Raises:
        UserError: something is missing, or MAX_LEN is not a whole number.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", help="word tag lines; - for the standard input")
    parser.add_argument("model", metavar="MODEL", help="folder of the model, or its name on the Hub")
    parser.add_argument("max_len", metavar="MAX_LEN", type=int, help="sub-tokens, special tokens included")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--legacy", action="store_true", help="the original script's output, byte for byte")
    ways.add_argument(
        "--keep_all_words", action="store_true", help="write the unknown token for words that would be dropped"
    )
    return parser.parse_args(argv)


def check_lines(file: BinaryIO, options: argparse.Namespace) -> None:
    """Read a whole file before anything is written.

    Raises:
        DataError: lines without a tag, or that are not UTF-8.
    """
    problems = []
    for number, line in enumerate(file, start=1):
        try:
            decode_line(line, options.file, number) if options.legacy else parse_line(line, options.file, number)
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError(list_problems(problems))


def write_sentences(
    file: BinaryIO, name: str, counter: SubTokenCounter, budget: int, options: argparse.Namespace
) -> None:
    """Write the split sentences to stdout and the counts to stderr."""
    counts = Counts()
    tokenizer = counter.tokenizer
    placeholder = tokenizer.convert_ids_to_tokens(find_placeholder(tokenizer)) if options.keep_all_words else None
    lines = read_tagged_lines(file, name, counter)
    for sentence in split_sentences(lines, counter.known.__getitem__, budget, counts, placeholder):
        sys.stdout.write("\n".join([line.text for line in sentence]) + "\n\n")
    sys.stdout.flush()
    print(f"{name}: {counts.describe()}", file=sys.stderr)


def read_tagged_lines(file: BinaryIO, name: str, counter: SubTokenCounter) -> Iterator[TaggedLine | None]:
    """Yield the lines of a file, None for a boundary. The counter knows every word that is yielded.

    Raises:
        DataError: a line without a tag, or not UTF-8.
    """
    numbered = enumerate(file, start=1)
    while block := list(islice(numbered, LINES_AT_ONCE)):
        rows = [parse_line(line, name, number) for number, line in block]
        counter.learn(row.word for row in rows if row is not None)
        yield from rows


def parse_line(line: bytes, name: str, number: int) -> TaggedLine | None:
    """Return a line with word and tag; None for a boundary (blank line, -DOCSTART-).

    Raises:
        DataError: no tag, or not UTF-8.
    """
    text = decode_line(line, name, number)
    if is_boundary(text):
        return None
    # ASCII blanks only: a NBSP is a word, and U+0085 is not a line break.
    columns = text.split("\t") if "\t" in text else text.split(" ")
    if len(columns) == 1:
        raise DataError(
            f"{name}:{number}: no tag ({text!r}); accepted: `word tag`, blank line between sentences; add the tag"
        )
    return TaggedLine(columns[0], columns[-1], text)


def decode_line(line: bytes, name: str, number: int) -> str:
    """Return a line without trailing blanks and line end; a byte order mark before the first line is dropped.

    Raises:
        DataError: not UTF-8.
    """
    try:
        text = line.decode("utf-8").rstrip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}:{number}: not UTF-8 (byte 0x{line[error.start]:02X}); accepted: UTF-8; "
            "convert with: iconv -f latin1 -t utf-8"
        ) from error
    return text.removeprefix("\ufeff") if number == 1 else text


def write_as_the_original(
    file: BinaryIO, name: str, counter: SubTokenCounter, budget: int, options: argparse.Namespace
) -> None:
    """Write what the original script writes."""
    # As open(FILE) reads: any of the three line ends, and everything that it counts as a blank.
    lines = read_words_ahead(TextIOWrapper(file, encoding="utf-8"), counter)
    sys.stdout.writelines(f"{line}\n" for line in split_as_the_original(lines, counter.known.__getitem__, budget))
    sys.stdout.flush()


def read_words_ahead(lines: Iterable[str], counter: SubTokenCounter) -> Iterator[str]:
    """Yield the lines; the counter then knows the sub-tokens of their first fields."""
    lines = iter(lines)
    while block := list(islice(lines, LINES_AT_ONCE)):
        counter.learn(words[0] for line in block if (words := line.split()))
        yield from block


if __name__ == "__main__":
    # `preprocess.py ... | head` ends quietly, like every filter.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run_command(main, sys.argv[1:]))
