"""`check`: the data doctor on files."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from token_classification.checking.check import check_data
from token_classification.checking.files import CheckedData, ColumnChoice, number_files, read_files
from token_classification.checking.targets import CheckOptions
from token_classification.data.inputs import keep_inputs
from token_classification.data.problems import Problem
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError


def check(options: argparse.Namespace) -> int:
    """Check the files that are named; gives the exit code.

    Raises: UserError for files that are missing, flags that go with --repair only, or whatever else stops the check.
    """
    if options.repair is None and (options.discard or options.scheme):
        given = "--discard" if options.discard else f"--scheme {options.scheme}"
        raise UserError(f"{given} says how to repair: give --repair FOLDER as well.")
    columns = ColumnChoice(options.text_column_name, options.label_column_name, options.task_name)
    targets = CheckOptions(
        json_file=Path(options.json) if options.json else None,
        html_file=Path(options.html) if options.html else None,
        repair_folder=Path(options.repair) if options.repair else None,
        scheme=Scheme(options.scheme) if options.scheme else None,
        discard=options.discard,
    )
    with keep_inputs() as opened:
        data = number_files(read_files([Path(name) for name in options.files], columns))
        tokenizer_problems = _ask_tokenizer(data, options) if options.model else ()
        return check_data(data, columns, targets, tokenizer_problems, list(opened))


def _ask_tokenizer(data: CheckedData, options: argparse.Namespace) -> Iterator[Problem]:
    # Only here: without a model the answer comes before torch and transformers are imported.
    from token_classification.arguments.model import ModelArguments
    from token_classification.checking.sub_tokens import find_tokenizer_problems, find_window

    tokenizer, window_length = find_window(ModelArguments(options.model), options.max_seq_length)
    return find_tokenizer_problems(data, tokenizer, window_length)
