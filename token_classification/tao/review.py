"""`compare` and `report`: what can be said about predictions that lie on disk, without a model."""

import argparse
from pathlib import Path

from token_classification.data.formats import read_sentences
from token_classification.data.inputs import keep_inputs
from token_classification.data.results_folder import check_own_files, lock_folder, refuse_overwriting_inputs
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError
from token_classification.output_text import dump_json, make_printable
from token_classification.reporting.compare import build_comparison_record, compare_runs, format_comparison, read_run
from token_classification.reporting.evaluation import LabelledSplit, analyse_split
from token_classification.reporting.evaluation_report import REPORT_FILES, write_evaluation_report


def compare(options: argparse.Namespace) -> None:
    """Print how two runs differ.

    Raises:
        UserError: a run has no predictions with gold, or the test sets are not the same.
    """
    comparison = compare_runs(read_run(options.run_a), read_run(options.run_b))
    if options.json:
        print(dump_json(build_comparison_record(comparison)), end="")
    else:
        print(format_comparison(comparison))


def report(options: argparse.Namespace) -> None:
    """Write the evaluation report of a prediction file.

    Raises:
        UserError: no predictions with gold, something wrong in the training data, or a results folder with files that
            the report would replace.
    """
    folder = Path(options.results_dir)
    with keep_inputs() as opened:
        split = read_split(options)
        targets = {f"-r: {name}:": folder / name for name in REPORT_FILES}
        refuse_overwriting_inputs(targets, list(opened))
    check_own_files(folder, REPORT_FILES, "give another -r")
    evaluation = analyse_split(split)
    with lock_folder(folder, "-r"):
        write_evaluation_report(folder, evaluation)
    print(make_printable(str(folder / "report.html")))


def read_split(options: argparse.Namespace) -> LabelledSplit:
    """Read what is reported on: predictions with gold, and the training data where they are given."""
    run = read_run(options.run)
    names = {tag for tags in run.predicted for tag in tags}
    scheme = recognise_scheme(run.sentences.tags, names)
    return LabelledSplit(
        name="predictions",
        source=str(run.path),
        sentences=run.sentences,
        predicted=run.predicted,
        scheme=scheme,
        train=read_train(options.train_file, scheme) if options.train_file else None,
    )


def read_train(path: str, scheme: Scheme) -> Sentences:
    """Read training data with tags.

    Raises:
        DataError: no tags, or something wrong in a line.
    """
    train = read_sentences(path, task="pos" if scheme == Scheme.PLAIN else "ner")
    if train.tags is None:
        raise DataError(f"{path}: no tags; accepted: the training data of the model, or leave --train_file out")
    return train


WORK = {"compare": compare, "report": report}
