"""`calibrate`: scores of a model that are probabilities, and thresholds that keep a precision or a recall."""

import argparse
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.flags import add_dataclass_flags, build_options, flag
from token_classification.commands.model_choice import BackendChoice, read_threshold
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import DataError, UserError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.sentences import Sentences
    from token_classification.reporting.promises import Promise

logger = logging.getLogger(__name__)

USUAL_NAMES = {"precision": "high_precision", "recall": "high_recall"}
"""What is promised -> the operating point that keeps it, if it gets no other name"""


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(BackendChoice):
    """Which model, on which data, and what its thresholds are to keep."""

    validation_file: str = flag(
        "Labelled data that the model was not trained on, in any format that training reads.",
        "--data",
        group="data",
        metavar="FILE",
    )
    train_file: str | None = flag(
        "What the model was trained on, if its folder does not say so: none of it may be in the other file.",
        group="data",
        default=None,
        metavar="FILE",
    )
    text_column_name: str | None = flag("Column of the words.", group="data", default=None, metavar="NAME")
    label_column_name: str | None = flag("Column of the tags.", group="data", default=None, metavar="NAME")
    task_name: str = flag(
        "What the tags are of CoNLL-U, or of the column TASK_tags: ner, pos ...",
        group="data",
        default="ner",
        metavar="TASK",
    )
    min_precision: float | dict[str, float] | None = flag(
        "Find thresholds above which at least this share of the entities is right, with a confidence of 95 %%: 0.95, "
        "or one per label: PER=0.95,LOC=0.9. They are called high_precision.",
        group="operating points",
        default=None,
        metavar="SHARE",
        parse=read_threshold,
    )
    min_recall: float | dict[str, float] | None = flag(
        "Find thresholds above which at least this share of all entities is found; likewise. They are called "
        "high_recall. Where all that the tags mark is not enough, entities below the winning tag are proposed.",
        group="operating points",
        default=None,
        metavar="SHARE",
        parse=read_threshold,
    )
    operating_point: str | None = flag(
        "Another name for the thresholds.", group="operating points", default=None, metavar="NAME"
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `calibrate`."""
    add_dataclass_flags(parser, CalibrateOptions)


def run(namespace: argparse.Namespace) -> int:
    """Calibrate the model that the flags name, and return the exit code.

    Raises:
        UserError: see `calibrate`.
    """
    options = build_options(CalibrateOptions, namespace, "calibrate")
    promises = read_promises(options)
    with quick_imports():
        from token_classification.data.results_folder import check_own_files, lock_folder
        from token_classification.reporting.calibration import CALIBRATION_FILES
    folder = Path(options.model)
    if not folder.is_dir():
        raise UserError(
            f"-m {options.model}: no folder; accepted is the folder of a trained or exported model, in which "
            "the calibration is kept"
        )
    check_own_files(folder, CALIBRATION_FILES, "move it elsewhere")
    with speaking(COMMON_WORDS), lock_folder(folder, "-m"):
        print(calibrate(options, folder, promises))
    return 0


def read_promises(options: CalibrateOptions) -> "list[Promise]":
    """Return what the operating points are to keep.

    Raises:
        UserError: a share that is none, or a name for two operating points or for none.
    """
    with quick_imports():
        from token_classification.reporting.promises import BALANCED, Promise
    wanted = {"precision": options.min_precision, "recall": options.min_recall}
    asked = {kind: target for kind, target in wanted.items() if target is not None}
    for kind, target in asked.items():
        for share in target.values() if isinstance(target, Mapping) else [target]:
            if not 0 < share < 1:
                raise UserError(f"--min_{kind} {share:g}: accepted is a share between 0 and 1, e.g. 0.95.")
    name = options.operating_point
    if name is not None and (len(asked) != 1 or name == BALANCED):
        raise UserError(
            f"--operating_point {name}: accepted is another name than {BALANCED} for what --min_precision or "
            "--min_recall finds; type it with one of them"
        )
    return [Promise(name or USUAL_NAMES[kind], kind, target) for kind, target in asked.items()]  # type: ignore[arg-type]


def calibrate(options: CalibrateOptions, folder: Path, promises: "list[Promise]") -> str:
    """Calibrate a model, leave the record and the page in its folder, and return the table for the terminal.

    Raises:
        UserError: something wrong with the model or the data, or a promise that can't be kept.
    """
    with quick_imports():
        from token_classification.data.formats import read_sentences
        from token_classification.data.inputs import read_and_describe
        from token_classification.inference.engine import open_engine
        from token_classification.inference.outcomes import collect_outcomes
        from token_classification.inference.proposals import propose_for_split
        from token_classification.reporting import calibration as reporting
    columns = options.text_column_name, options.label_column_name, options.task_name
    sentences, files = read_and_describe(lambda: read_sentences(options.validation_file, *columns))
    if sentences.tags is None:
        raise DataError(
            f"{options.validation_file}: no tags; accepted is labelled data; give another --validation_file"
        )
    refuse_training_data(options, sentences, {file.sha256 for file in files})
    engine = open_engine(
        folder,
        options.backend,
        max_seq_length=options.max_seq_length,
        decoder=options.decoder,
        show_progress=True,
    )
    label_set = engine.label_set
    results = engine.evaluate(sentences, options.validation_file, keeps_all=True)
    outcomes = collect_outcomes(
        sentences.gold, results.tags, results.scores, label_set, propose_for_split(results, label_set)
    )
    about = {"source": options.validation_file, "sha256": files[0].sha256, "sentences": len(sentences)}
    request = reporting.build_request(folder, engine.backend, engine.decoder_name, about, promises)
    found = reporting.calibrate_split(outcomes, request)
    reporting.tell_fallbacks(found)
    found = reporting.store_calibration(folder, found, outcomes)
    logger.info("Report: %s", folder / reporting.CALIBRATION_PAGE)
    return reporting.format_calibration(found)


def refuse_training_data(options: CalibrateOptions, sentences: "Sentences", checksums: set[str]) -> None:
    """Refuse data that the model has learnt from: it is surer of that than of anything else.

    Raises:
        UserError: it is the training file, or has a sentence in common with it.
    """
    with quick_imports():
        from token_classification.data.formats import read_sentences
        from token_classification.data.inputs import hash_file
        from token_classification.reporting.learnt_text import describe_common
        from token_classification.reporting.run_record import read_training_file
    accepted = "accepted is data that the model has not learnt from; calibrate on other data"
    learnt = read_training_file(Path(options.model))
    if learnt is not None and learnt.sha256 in checksums:
        raise DataError(f"{options.validation_file}: the model was trained on this file; {accepted}")
    path = options.train_file
    if path is None and learnt is not None and Path(learnt.source).is_file():
        path = learnt.source if hash_file(Path(learnt.source)) == learnt.sha256 else None
    if path is None:
        logger.warning(
            "What the model was trained on is not at hand%s, so nobody knows whether it has sentences of %s in it; "
            "--train_file FILE names it.",
            "" if learnt is None else f" ({learnt.source})",
            options.validation_file,
        )
        return
    train = read_sentences(path, options.text_column_name, options.label_column_name, options.task_name)
    common = describe_common(sentences, options.validation_file, train, path)
    if common is not None:
        raise DataError(f"{common}; {accepted}")
