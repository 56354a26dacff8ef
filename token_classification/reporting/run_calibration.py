"""The end of a training: what makes probabilities of the new model's scores, fitted on the validation split."""

import logging
from collections.abc import Callable
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.levels import Labels
from token_classification.data.load import Corpus, describe_files
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.inference.calibration_record import Calibration
from token_classification.inference.outcomes import SplitOutcomes, collect_outcomes
from token_classification.recipe import Recipe
from token_classification.reporting.calibration import (
    CALIBRATION_PAGE,
    build_request,
    calibrate_split,
    store_calibration,
)
from token_classification.reporting.learnt_text import describe_learnt
from token_classification.scoring.evaluate import SplitResults

logger = logging.getLogger(__name__)

TRAINED_BACKEND = "torch"
"""What a model that was just trained runs with"""
LEFT = "Scores stay as the model gives them:"


def calibrate_run(
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    labels: Labels,
    tag_validation: Callable[[], SplitResults],
) -> None:
    """Calibrate the model that a run has trained, and say in a line what was done, or why nothing was.

    All processes of a run call it, because they share the tagging; the first one writes.

    Args:
        arguments: The settings of the run.
        recipe: Where the model is if not in the output folder.
        corpus: All splits.
        labels: Those of the model.
        tag_validation: Returns what the model makes of the validation split.

    Raises:
        UserError: the model's folder can't be written to.
    """
    obstacle = find_obstacle(arguments, corpus, labels)
    if obstacle is not None:
        logger.info("%s %s", LEFT, obstacle)
        return
    results = tag_validation()
    if arguments.training.process_index != 0:
        return
    source = corpus.sources["validation"]
    if cut := results.metrics["words_truncated"]:
        logger.info("%s %s words of %s were cut off (--long_sentences truncate).", LEFT, f"{cut:,}", source)
        return
    try:
        learnt = describe_learnt(corpus, Path(arguments.model.model_name_or_path))
        if learnt is not None:
            logger.warning("%s %s.", LEFT, learnt)
            return
        folder = recipe.model_folder or arguments.training.folder
        calibration, outcomes = fit_run(folder, arguments, corpus, labels, results)
    except UserError as error:
        logger.info("%s %s", LEFT, error)
        return
    store_calibration(folder, calibration, outcomes)
    logger.info("%s", describe_calibration(calibration))


def find_obstacle(arguments: RunArguments, corpus: Corpus, labels: Labels) -> str | None:
    """Say why a run can't calibrate its model; None: it can, if there are enough entities."""
    training, validation = arguments.training, corpus.splits.get("validation")
    if validation is None:
        return "there is no validation data to fit them on."
    if not isinstance(labels, LabelSet):
        return "there is no place for nested entities."
    if labels.scheme == Scheme.PLAIN:
        return "the tags are of single words, not of entities."
    if validation.tags is None:
        return f"{corpus.sources['validation']} has no tags."
    is_rounded = training.bf16_full_eval or training.fp16_full_eval
    if is_rounded or (training.fsdp and (training.bf16 or training.fp16)):
        return "this run evaluates in half precision, in which scores are rounded; the model is used in float32."
    return None


def fit_run(
    folder: Path, arguments: RunArguments, corpus: Corpus, labels: Labels, results: SplitResults
) -> tuple[Calibration, SplitOutcomes]:
    """Fit the calibration of the model in a folder on what it makes of the validation split.

    Raises:
        UserError: too few entities.
    """
    assert isinstance(labels, LabelSet), "find_obstacle leaves out the others"
    outcomes = collect_outcomes(corpus.splits["validation"].gold, results.tags, results.scores, labels)
    about = describe_files(corpus)["validation"]
    data = {name: about.get(name) for name in ("source", "sha256", "sentences")}
    request = build_request(folder, TRAINED_BACKEND, str(arguments.decoding.decoder), data)
    return calibrate_split(outcomes, request), outcomes


def describe_calibration(calibration: Calibration) -> str:
    """Say in a line what a calibration is worth."""
    notes = calibration.notes
    before, after = (notes["entities"][when]["ece"]["value"] for when in ("before", "after"))
    about = f"{notes['entities']['before']['count']:,} entities of {notes['data']['source']}"
    if notes["method"] == "raw":
        return f"{LEFT} no map makes them better on {about} (ECE {before:.3f})."
    return (
        f"Scores are calibrated on {about} ({notes['method']}): ECE {before:.3f} -> {after:.3f} on sentences that "
        f"were not fitted on; see {CALIBRATION_PAGE} beside the model."
    )
