"""`report`: scores, errors and a page to browse them, from predictions on disk."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.errors import DataError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.schemes import Scheme
    from token_classification.data.sentences import Sentences


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `report`."""
    parser.add_argument("run", metavar="RUN", help="output folder of a run, its report folder, or a predictions.conll")
    parser.add_argument("-r", "--results_dir", type=Path, metavar="OUT", required=True, help="folder of the report")
    parser.add_argument("--train_file", metavar="FILE", help="training data, to tell seen names from new ones")


def run(options: argparse.Namespace) -> int:
    """Write the evaluation report of a prediction file.

    Raises:
        UserError: no predictions with gold, something wrong in the training data, or a results folder with files that
            the report would replace.
    """
    with quick_imports():
        from token_classification.data.inputs import keep_inputs
        from token_classification.data.results_folder import check_own_files, lock_folder, refuse_overwriting_inputs
        from token_classification.data.schemes import recognise_scheme
        from token_classification.output_text import make_printable
        from token_classification.reporting.compare import read_run
        from token_classification.reporting.evaluation import LabelledSplit, analyse_split
        from token_classification.reporting.evaluation_report import REPORT_FILES, write_evaluation_report
    folder = options.results_dir
    with keep_inputs() as opened:
        tagged = read_run(options.run)
        scheme = recognise_scheme(tagged.sentences.tags or (), {tag for tags in tagged.predicted for tag in tags})
        split = LabelledSplit(
            name="predictions",
            source=str(tagged.path),
            sentences=tagged.sentences,
            predicted=tagged.predicted,
            scheme=scheme,
            train=read_train(options.train_file, scheme) if options.train_file else None,
        )
        refuse_overwriting_inputs({f"-r: {name}:": folder / name for name in REPORT_FILES}, list(opened))
    check_own_files(folder, REPORT_FILES, "give another -r")
    evaluation = analyse_split(split)
    with lock_folder(folder, "-r"):
        write_evaluation_report(folder, evaluation)
    print(make_printable(str(folder / "report.html")))
    return 0


def read_train(path: str, scheme: "Scheme") -> "Sentences":
    """Read training data with tags.

    Raises:
        DataError: no tags, or something wrong in a line.
    """
    from token_classification.data.formats import read_sentences
    from token_classification.data.schemes import Scheme

    train = read_sentences(path, task="pos" if scheme == Scheme.PLAIN else "ner")
    if train.tags is None:
        raise DataError(f"{path}: no tags; accepted: the training data of the model, or leave --train_file out")
    return train
