"""What a run leaves for people and programs, besides the model and its metrics."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.levels import Labels, list_sets
from token_classification.data.load import Corpus
from token_classification.recipe import Recipe
from token_classification.reporting.evaluation import Evaluation, LabelledSplit, analyse_split
from token_classification.reporting.evaluation_record import read_course
from token_classification.reporting.evaluation_report import write_evaluation_report
from token_classification.reporting.model_card import write_model_card
from token_classification.reporting.outputs import CARD, choose_record_name, choose_report_folder
from token_classification.reporting.predictions import (
    LEVEL_TAGS,
    write_legacy_predictions,
    write_level_tags,
    write_predictions,
)
from token_classification.reporting.run_record import write_run_record
from token_classification.reporting.tables import format_scores
from token_classification.scoring.evaluate import SplitResults, name_level, name_results

logger = logging.getLogger(__name__)


def write_report(
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    labels: Labels,
    window_length: int,
    results: Mapping[str, SplitResults],
    log_history: Sequence[Mapping[str, float]] = (),
) -> None:
    """Write predictions, the evaluation report, the run's record and the model card, and print the final tables.

    The card describes a model, so only a run that trained writes one. Each level of nested entities has predictions
    and a report of its own, in a folder of its name.

    Args:
        arguments: The settings of the run.
        recipe: How it learns beyond them, and where the model is if not in the output folder.
        corpus: All splits.
        labels: Names and scheme.
        window_length: Longest model input, in sub-tokens.
        results: What the model makes of each split that was asked for.
        log_history: What the Trainer logged.
    """
    training = arguments.training
    folder = training.folder
    evaluations: dict[str, Evaluation] = {}
    for level, label_set in list_sets(labels).items():
        own = {split: result.levels.get(level, result) for split, result in results.items()}
        log = [_pick_level(record, level) for record in log_history]
        found = write_level(folder / level, arguments, corpus.levels.get(level, corpus), label_set, own, log)
        evaluations |= {name_level(split, level): evaluation for split, evaluation in found.items()}
    if corpus.levels and "test" in results:
        rows = [level.splits["test"] for level in corpus.levels.values()]
        write_level_tags(folder / LEVEL_TAGS, rows, [level.tags for level in results["test"].levels.values()])
    if evaluations and log_history and not read_course(log_history):
        logger.info("No training curve: fewer than two points were logged (--logging_steps 50 --eval_strategy epoch).")
    record = folder / choose_record_name(training)
    write_run_record(record, arguments, recipe, corpus, labels, window_length)
    if training.do_train:
        card = (recipe.model_folder or folder) / CARD
        write_model_card(card, arguments, recipe, corpus, labels, window_length, results, evaluations)
    for name, result in name_results(results).items():
        if "f1" in result.metrics:
            print(f"\n{format_scores(name, result.metrics, result.types)}")


def write_level(
    folder: Path,
    arguments: RunArguments,
    corpus: Corpus,
    label_set: LabelSet,
    results: Mapping[str, SplitResults],
    log_history: Sequence[Mapping[str, float]],
) -> dict[str, Evaluation]:
    """Write the predictions and the evaluation report of a run's only level, or of one of its levels.

    Args:
        folder: Where to.
        arguments: The settings of the run.
        corpus: All splits, with the tags of the level.
        label_set: Those of the level.
        results: What the model makes of each split on this level.
        log_history: What the Trainer logged, with `eval_f1` of this level.

    Returns:
        What is known about the predictions for each split.
    """
    if "test" in results:
        write_predictions(folder, corpus.splits["test"], results["test"].tags)
        if arguments.report.legacy_predictions:
            write_legacy_predictions(folder, corpus.splits["test"], results["test"].tags, arguments.data.task_name)
    evaluations = evaluate_results(arguments, corpus, label_set, results) if arguments.report.report else {}
    for split, evaluation in evaluations.items():
        write_evaluation_report(choose_report_folder(folder, split, evaluations), evaluation, log_history)
    return evaluations


def _pick_level(record: Mapping[str, float], level: str) -> Mapping[str, float]:
    """Return a record of the Trainer's log in which `eval_f1` is the one of a level."""
    name = f"eval_{level}_f1"
    return {**record, "eval_f1": record[name]} if name in record else record


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
