"""What a run leaves for people and programs, besides the model and its metrics."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.recipe import Recipe
from token_classification.reporting.evaluation import Evaluation, LabelledSplit, analyse_split
from token_classification.reporting.evaluation_record import read_course
from token_classification.reporting.evaluation_report import write_evaluation_report
from token_classification.reporting.model_card import write_model_card
from token_classification.reporting.outputs import CARD, choose_record_name, choose_report_folder
from token_classification.reporting.predictions import write_legacy_predictions, write_predictions
from token_classification.reporting.run_record import write_run_record
from token_classification.reporting.tables import format_scores
from token_classification.scoring.evaluate import SplitResults

logger = logging.getLogger(__name__)


def write_report(
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    label_set: LabelSet,
    window_length: int,
    results: Mapping[str, SplitResults],
    log_history: Sequence[Mapping[str, float]] = (),
) -> None:
    """Write predictions, the evaluation report, the run's record and the model card, and print the final tables.

    The card describes a model, so only a run that trained writes one.

    Args:
        arguments: The settings of the run.
        recipe: How it learns beyond them, and where the model is if not in the output folder.
        corpus: All splits.
        label_set: Names and scheme.
        window_length: Longest model input, in sub-tokens.
        results: What the model makes of each split that was asked for.
        log_history: What the Trainer logged.
    """
    training = arguments.training
    folder = training.folder
    if "test" in results:
        write_predictions(folder, corpus.splits["test"], results["test"].tags)
        if arguments.report.legacy_predictions:
            write_legacy_predictions(folder, corpus.splits["test"], results["test"].tags, arguments.data.task_name)
    evaluations = evaluate_results(arguments, corpus, label_set, results) if arguments.report.report else {}
    for split, evaluation in evaluations.items():
        write_evaluation_report(choose_report_folder(folder, split, evaluations), evaluation, log_history)
    if evaluations and log_history and not read_course(log_history):
        logger.info("No training curve: fewer than two points were logged (--logging_steps 50 --eval_strategy epoch).")
    record = folder / choose_record_name(training)
    write_run_record(record, arguments, recipe, corpus, label_set, window_length)
    if training.do_train:
        card = (recipe.model_folder or folder) / CARD
        write_model_card(card, arguments, recipe, corpus, label_set, window_length, results, evaluations)
    for split, result in results.items():
        if "f1" in result.metrics:
            print(f"\n{format_scores(split, result.metrics, result.types)}")


def evaluate_results(
    arguments: RunArguments,
    corpus: Corpus,
    label_set: LabelSet,
    results: Mapping[str, SplitResults],
) -> dict[str, Evaluation]:
    """Find intervals, errors and slices of each split that has gold tags."""
    training = arguments.training
    name = str(training.output_dir) if training.do_train else arguments.model.model_name_or_path
    train = corpus.splits.get("train")
    return {
        split: analyse_split(
            LabelledSplit(
                name=split,
                source=corpus.sources[split],
                sentences=corpus.splits[split],
                predicted=result.tags,
                scheme=label_set.scheme,
                model=Path(name).name,
                train=train if train is not None and train.tags is not None else None,
            )
        )
        for split, result in results.items()
        if corpus.splits[split].tags is not None
    }
