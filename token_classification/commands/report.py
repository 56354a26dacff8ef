"""`report`: scores, errors and a page to browse them, from predictions on disk; also on perturbed sentences."""

import argparse
import logging
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.wording import speaking
from token_classification.errors import DataError, UserError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.schemes import Scheme
    from token_classification.data.sentences import Sentences
    from token_classification.inference.engine import Engine
    from token_classification.reporting.evaluation import LabelledSplit
    from token_classification.reporting.robustness import Robustness

logger = logging.getLogger(__name__)

CONFIG = "config.json"
"""What the folder of every model has"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `report`."""
    parser.add_argument("run", metavar="RUN", help="output folder of a run, its report folder, or a predictions.conll")
    parser.add_argument("-r", "--results_dir", type=Path, metavar="OUT", required=True, help="folder of the report")
    parser.add_argument("--train_file", metavar="FILE", help="training data, to tell seen names from new ones")
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="score the model in RUN on perturbed sentences, too: other case, typos, punctuation, blanks, names",
    )
    parser.add_argument(
        "--test_file",
        metavar="FILE",
        help="with --robustness: labelled data, in place of the sentences that RUN predicted",
    )


def run(options: argparse.Namespace) -> int:
    """Write the evaluation report of a prediction file, or of a model and what perturbations do to it.

    Raises:
        UserError: no predictions with gold, no model where one is needed, something wrong in the data, or a results
            folder with files that the report would replace.
    """
    check_robustness(options)
    with speaking({"--model_name_or_path": "RUN"}) if options.robustness else nullcontext():
        write_report(options)
    return 0


def check_robustness(options: argparse.Namespace) -> None:
    """Check that there is a model where sentences are to be tagged, and that there are sentences.

    Raises:
        UserError: there is none.
    """
    with quick_imports():
        from token_classification.reporting.compare import find_predictions
        from token_classification.reporting.predictions import PREDICTIONS
    given = options.run
    if options.test_file and not options.robustness:
        raise UserError(
            f"--test_file {options.test_file}: accepted with --robustness only; to score a model without it: "
            "token_classification evaluate -m MODEL --test_file FILE -r OUT"
        )
    if options.robustness and Path(given).exists() and not (Path(given) / CONFIG).is_file():
        raise UserError(
            f"{given}: no model there ({CONFIG}), and --robustness needs one, to tag perturbed sentences; accepted: "
            "the output folder of a training, or an exported model; with --test_file FILE, if it predicted nothing"
        )
    if options.robustness and options.test_file is None and find_predictions(given) is None:
        raise UserError(
            f"{given}: no {PREDICTIONS} there, so --robustness has no labelled sentences; type --test_file FILE"
        )


def write_report(options: argparse.Namespace) -> None:
    """Read, score and write what the options say."""
    with quick_imports():
        from token_classification.data.inputs import keep_inputs
        from token_classification.data.results_folder import check_own_files, lock_folder, refuse_overwriting_inputs
        from token_classification.output_text import make_printable
        from token_classification.reporting.evaluation import analyse_split
        from token_classification.reporting.evaluation_report import REPORT_FILES, write_evaluation_report
    folder = options.results_dir
    with keep_inputs() as opened:
        engine = open_model(options.run) if options.robustness else None
        split = read_split(options, engine)
        refuse_overwriting_inputs({f"-r: {name}:": folder / name for name in REPORT_FILES}, list(opened))
    check_own_files(folder, REPORT_FILES, "give another -r")
    robustness = None if engine is None else measure(split, engine)
    evaluation = analyse_split(split)
    with lock_folder(folder, "-r"):
        write_evaluation_report(folder, evaluation, robustness=robustness)
    print(make_printable(str(folder / "report.html")))


def open_model(model: str) -> "Engine":
    """Open the model that tags the sentences."""
    with quick_imports():
        from token_classification.inference.engine import open_engine
    return open_engine(model)


def read_split(options: argparse.Namespace, engine: "Engine | None") -> "LabelledSplit":
    """Read the sentences with gold, and what is predicted for them: by the run, or by a model that tags them now.

    Raises:
        DataError: no gold, or something wrong in a line.
    """
    with quick_imports():
        from token_classification.data.schemes import recognise_scheme
        from token_classification.reporting.compare import read_run
        from token_classification.reporting.evaluation import LabelledSplit
    if engine is not None and options.test_file is not None:
        source, sentences = options.test_file, read_labelled(options.test_file, engine.label_set.scheme)
        predicted = engine.evaluate(sentences).tags
    else:
        tagged = read_run(options.run)
        source, sentences, predicted = str(tagged.path), tagged.sentences, tagged.predicted
        if engine is not None:
            predicted = tag_again(sentences, predicted, engine)
    scheme = recognise_scheme(sentences.gold, {tag for tags in predicted for tag in tags})
    return LabelledSplit(
        name="predictions",
        source=source,
        sentences=sentences,
        predicted=predicted,
        scheme=scheme,
        train=read_labelled(options.train_file, scheme) if options.train_file else None,
    )


def read_labelled(path: str, scheme: "Scheme") -> "Sentences":
    """Read data with tags.

    Raises:
        DataError: no tags, or something wrong in a line.
    """
    from token_classification.data.formats import read_sentences
    from token_classification.data.schemes import Scheme

    sentences = read_sentences(path, task="pos" if scheme == Scheme.PLAIN else "ner")
    if sentences.tags is None:
        raise DataError(
            f"{path}: no tags; accepted: a file with a tag for each word; give another one, or leave it out"
        )
    return sentences


def tag_again(sentences: "Sentences", before: list[list[str]], engine: "Engine") -> list[list[str]]:
    """Tag the sentences of a run as their perturbed copies will be tagged; tags that are not the run's are counted."""
    tags = engine.evaluate(sentences).tags
    others = sum(map(str.__ne__, chain.from_iterable(tags), chain.from_iterable(before)))
    if others:
        logger.warning(
            "Words with other tags than in the predictions of the run: %s. Those were made with another model, "
            "decoder or precision, or with the documents of the sentences; the report is about the tags of now.",
            f"{others:,}",
        )
    return tags


def measure(split: "LabelledSplit", engine: "Engine") -> "Robustness":
    """Score the model on perturbed sentences."""
    with quick_imports():
        from token_classification.reporting.robustness import measure_robustness
    return measure_robustness(split, lambda sentences: engine.evaluate(sentences).tags, engine.label_set.names)
