"""`check`: the data doctor on files."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.flags import add_column_flags
from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.checking.files import CheckedData
    from token_classification.data.problems import Problem


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `check`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="data files; train, dev and test by their names")
    parser.add_argument("-m", "--model", metavar="MODEL", help="also check against this model's tokenizer and window")
    parser.add_argument("--max_seq_length", type=int, metavar="N", help="window in sub-tokens (default: the model's)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON, too")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the findings as a page, too")
    parser.add_argument(
        "--repair", type=Path, metavar="FOLDER", help="write corrected copies, each with a diff, into FOLDER"
    )
    parser.add_argument(
        "--scheme", choices=["iob1", "iob2", "iobes", "bilou"], help="with --repair: convert the tags to this scheme"
    )
    parser.add_argument(
        "--discard", action="store_true", help="with --repair: leave out sentences that can't be repaired"
    )
    add_column_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Check the files that are named and return the exit code.

    Raises:
        UserError: files are missing, flags go with --repair only, or whatever else stops the check.
    """
    if options.repair is None and (options.discard or options.scheme):
        given = "--discard" if options.discard else f"--scheme {options.scheme}"
        raise UserError(f"{given} says how to repair: give --repair FOLDER as well.")
    with quick_imports():
        from token_classification.checking.check import check_data
        from token_classification.checking.files import ColumnChoice, number_files, read_files
        from token_classification.checking.targets import CheckOptions
        from token_classification.data.inputs import keep_inputs
        from token_classification.data.level_columns import split_columns
        from token_classification.data.schemes import Scheme
    names = split_columns(options.label_column_name)
    if len(names) > 1:
        raise UserError(
            f"--label_column_name {options.label_column_name}: check looks at one column of tags at a time; accepted: "
            f"one of them; type --label_column_name {names[0]}"
        )
    columns = ColumnChoice(options.text_column_name, options.label_column_name, options.task_name, options.annotator)
    targets = CheckOptions(
        json_file=options.json,
        html_file=options.html,
        repair_folder=options.repair,
        scheme=Scheme(options.scheme) if options.scheme else None,
        discard=options.discard,
    )
    with keep_inputs() as opened:
        data = number_files(read_files([Path(name) for name in options.files], columns))
        tokenizer_problems = ask_tokenizer(data, options) if options.model else ()
        return check_data(data, columns, targets, tokenizer_problems, list(opened))


def ask_tokenizer(data: "CheckedData", options: argparse.Namespace) -> "Iterator[Problem]":
    """Find what the tokenizer of a model makes of the words; without a model torch is never imported."""
    with quick_imports():
        from token_classification.arguments.model import ModelArguments
        from token_classification.checking.sub_tokens import find_tokenizer_problems, find_window
    tokenizer, window_length = find_window(ModelArguments(options.model), options.max_seq_length)
    return find_tokenizer_problems(data, tokenizer, window_length)
