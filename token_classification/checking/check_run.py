"""`run_ner.py --check_only`: the splits of a run, held against its model."""

from dataclasses import replace
from pathlib import Path

from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.checking.check import check_data
from token_classification.checking.files import ColumnChoice, Reading, number_files, read_file
from token_classification.checking.sub_tokens import find_tokenizer_problems, find_window
from token_classification.checking.targets import CheckOptions
from token_classification.data.inputs import keep_inputs
from token_classification.data.level_columns import split_columns
from token_classification.data.load import load_dataset_splits
from token_classification.data.splits import SPLITS


@keep_inputs()
def check_run(arguments: RunArguments) -> int:
    """Report on stdout what is wrong with the splits of a run, for each of its columns of tags; return the exit code.

    Raises:
        UserError: no such model, file or data set.
    """
    columns = split_columns(arguments.data.label_column_name)
    if len(columns) <= 1:
        return _check_column(arguments, arguments.data)
    exit_codes = []
    for column in columns:
        print(f"\nTags in column {column}")
        exit_codes.append(_check_column(arguments, replace(arguments.data, label_column_name=column)))
    return max(exit_codes)


def _check_column(arguments: RunArguments, data: DataArguments) -> int:
    columns = ColumnChoice(data.text_column_name, data.label_column_name, data.task_name, data.annotator)
    checked = number_files(_read_splits(arguments.model, data, columns))
    tokenizer, window_length = find_window(arguments.model, arguments.decoding.max_seq_length)
    return check_data(checked, columns, CheckOptions(), find_tokenizer_problems(checked, tokenizer, window_length))


def _read_splits(model: ModelArguments, data: DataArguments, columns: ColumnChoice) -> list[Reading]:
    if data.dataset_name:
        corpus = load_dataset_splits(data, model)
        return [Reading(Path(corpus.sources[split]), split, corpus.splits[split], []) for split in corpus.splits]
    files = zip(SPLITS, (data.train_file, data.validation_file, data.test_file), strict=True)
    return [read_file(Path(file), split, columns) for split, file in files if file]
