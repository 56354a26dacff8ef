"""`evaluate`: the scores of a trained or exported model on labelled data, its predictions and a report."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.flags import ANNOTATOR_HELP, add_dataclass_flags, build_options, flag
from token_classification.commands.model_choice import ModelChoice
from token_classification.commands.wording import COMMON_WORDS, rewording
from token_classification.errors import DataError, UserError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.arguments.run import RunArguments
    from token_classification.data.load import Corpus
    from token_classification.scoring.evaluate import SplitResults


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ModelChoice):
    """Which data a model is scored on, and what is left of it."""

    per_device_eval_batch_size: int = flag(
        "Windows of full length in a batch of a trained model; scores do not depend on it.",
        group="model",
        default=8,
        metavar="N",
    )
    test_file: str = flag(
        "Labelled data: CoNLL, CoNLL-U, JSON, JSON lines, CSV or Parquet.", group="data", metavar="FILE"
    )
    text_column_name: str | None = flag(
        "Column of the words; a number (0-based or negative) for CoNLL files.",
        group="data",
        default=None,
        metavar="NAME",
    )
    label_column_name: str | None = flag(
        "Column of the tags; a number (0-based or negative) for CoNLL files. Several (2,3): nested entities.",
        group="data",
        default=None,
        metavar="NAME",
    )
    task_name: str = flag("The tags are in the column TASK_tags.", group="data", default="ner", metavar="TASK")
    annotator: str | None = flag(
        f"{ANNOTATOR_HELP[0].upper()}{ANNOTATOR_HELP[1:]}.", group="data", default=None, metavar="NAME"
    )
    results_dir: Path = flag("Folder of the results.", "-r", group="output", metavar="DIR")
    report: bool = flag(
        "Write a report to DIR/report: scores with intervals, errors, slices, and a page of the sentences.",
        group="output",
        default=True,
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `evaluate`."""
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings as in TAO, listed below")
    add_dataclass_flags(parser, EvaluateOptions)


def run(namespace: argparse.Namespace) -> int:
    """Score the model that the flags name, and return the exit code.

    Raises:
        UserError: see `evaluate`.
    """
    options = build_options(EvaluateOptions, namespace, "evaluate")
    with quick_imports():
        from token_classification.reporting.ending import describe_ending
        from token_classification.reporting.logs import logging_of_run
        from token_classification.story import lock_output
    with rewording(COMMON_WORDS):
        arguments = build_arguments(options)
        with logging_of_run(arguments.training), lock_output(arguments):
            results = {"test": evaluate(arguments)}
            if arguments.training.process_index == 0:
                print(f"\n{describe_ending(arguments, results)}")
    return 0


def build_arguments(options: EvaluateOptions) -> "RunArguments":
    """Return the options as those of a run that predicts the test split and scores it.

    Raises:
        UserError: a value that is not accepted, or several processes for an exported model.
    """
    with quick_imports():
        from token_classification.arguments.data import DataArguments
        from token_classification.arguments.decoding import DecodingArguments
        from token_classification.arguments.model import ModelArguments
        from token_classification.arguments.report import ReportArguments
        from token_classification.arguments.run import RunArguments
        from token_classification.arguments.training import NerTrainingArguments
        from token_classification.inference.export_record import read_export_record
    # Before the arguments of a training, which wait for the other processes.
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and read_export_record(Path(options.model)) is not None:
        raise UserError(f"-m {options.model}: an exported model is scored in one process; leave -g out.")
    return RunArguments(
        ModelArguments(options.model),
        DataArguments(
            test_file=options.test_file,
            text_column_name=options.text_column_name,
            label_column_name=options.label_column_name,
            task_name=options.task_name,
            annotator=options.annotator,
        ),
        NerTrainingArguments(
            output_dir=str(options.results_dir),
            do_predict=True,
            per_device_eval_batch_size=options.per_device_eval_batch_size,
        ),
        decoding=DecodingArguments(max_seq_length=options.max_seq_length, decoder=options.decoder),
        report=ReportArguments(report=options.report),
    )


def evaluate(arguments: "RunArguments", corpus: "Corpus | None" = None) -> "SplitResults":
    """Score a model and leave metrics, predictions and a report in the results folder.

    Args:
        arguments: What `build_arguments` returns: model, data and folder.
        corpus: Data that is loaded already, instead of the test file.

    Raises:
        UserError: something wrong with the model, the file or a value.
    """
    with quick_imports():
        from token_classification.data.load import load_corpus
        from token_classification.inference.export_record import read_export_record
        from token_classification.story import score_export, walk
    corpus = corpus or load_corpus(arguments)
    if not corpus.has_tags("test"):
        raise DataError(
            f"{arguments.data.test_file}: no tags; accepted is a file with gold tags to score the model on. To tag "
            "it: token_classification infer"
        )
    is_exported = read_export_record(Path(arguments.model.model_name_or_path)) is not None
    return (score_export if is_exported else walk)(arguments, corpus=corpus)["test"]
