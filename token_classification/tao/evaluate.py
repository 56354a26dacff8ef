"""`evaluate` with a spec: NeMo's report on every word of a labelled file, then the scores of whole entities."""

import argparse
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from token_classification.arguments.model import ModelArguments
from token_classification.commands.evaluate import EvaluateOptions, build_arguments, evaluate
from token_classification.commands.flags import list_typed
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.inputs import read_and_describe
from token_classification.data.load import Corpus, load_corpus
from token_classification.data.results_folder import check_own_files, claim_files
from token_classification.data.sentences import Sentences
from token_classification.data.whole_files import write_whole
from token_classification.inference.model_labels import read_label_set
from token_classification.modeling.build import load_config
from token_classification.reporting.confusion import can_draw, draw_confusion_matrix, name_confusion_matrix
from token_classification.scoring.evaluate import SplitResults
from token_classification.tao import report
from token_classification.tao.commands import run_with_spec
from token_classification.tao.models import open_model
from token_classification.tao.translate import translate_decoding

logger = logging.getLogger(__name__)


def run(namespace: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    typed = list_typed(EvaluateOptions, namespace)
    return run_with_spec(namespace, partial(evaluate_as_nemo, typed=typed))


def evaluate_as_nemo(spec: DictConfig, results: Path, key: str | None, typed: Mapping[str, Any]) -> None:
    """Score a model on `test_ds`: report, result dictionary, entity scores, prediction file, confusion matrix.

    Raises:
        UserError: something wrong with the model or the files, or several processes for an exported model.
    """
    options = translate_evaluate(spec, results, typed)
    flat, is_first = results / f"infer_{Path(options.test_file).name}", os.environ.get("RANK", "0") == "0"
    if is_first:
        check_own_files(results, [flat.name], "give another -r")
        claim_files(results, [flat.name])
    corpus = load_corpus(build_arguments(options)) if "test_file" in typed else load_test_split(spec)
    sentences = corpus.splits["test"]
    with open_model(options.model, key) as folder:
        names = read_label_set(load_config(ModelArguments(str(folder))), str(folder)).names
        outcome = evaluate(build_arguments(replace(options, model=str(folder))), corpus)
    if not is_first:
        return
    log_scores(sentences, outcome, names)
    write_flat_predictions(flat, sentences, outcome)
    if can_draw(names):
        picture = results / name_confusion_matrix(True, datetime.now())
        draw_confusion_matrix(sentences.gold, outcome.tags, picture)
        logger.info("Confusion matrix saved to %s", picture)


def translate_evaluate(spec: DictConfig, results: Path, typed: Mapping[str, Any]) -> EvaluateOptions:
    """Return the options of a spec, with what was typed as flags over them."""
    decoding = translate_decoding(spec)
    options = {
        "model": spec.restore_from,
        "max_seq_length": decoding.max_seq_length,
        "decoder": decoding.decoder,
        "test_file": None if spec.data_dir is None else str(Path(spec.data_dir) / spec.test_ds.text_file),
        "per_device_eval_batch_size": spec.test_ds.batch_size,
        "report": spec.report,
    }
    return EvaluateOptions(**options | dict(typed) | {"results_dir": results})


def load_test_split(spec: DictConfig) -> Corpus:
    """Read the text and the labels of `test_ds`."""
    if (spec.test_ds.text_file, spec.test_ds.labels_file) == (
        spec.validation_ds.text_file,
        spec.validation_ds.labels_file,
    ):
        logger.warning("test_ds is the validation data, on which the model may have been chosen.")
    text, labels = (Path(spec.data_dir) / name for name in (spec.test_ds.text_file, spec.test_ds.labels_file))
    sentences, files = read_and_describe(partial(read_text_and_labels, text, labels, spec.test_ds.num_samples))
    return Corpus({"test": sentences}, {"test": str(text)}, files={"test": files})


def log_scores(sentences: Sentences, outcome: SplitResults, names: Sequence[str]) -> None:
    """Log NeMo's report on every word, print its result dictionary, and log the scores of whole entities."""
    counts = report.count_labels(sentences.gold, outcome.tags, names)
    scored = report.score_report(counts)
    logger.info(report.format_report(scored))
    note = report.describe_unknown_labels(counts)
    if note:
        logger.warning(note)
    macro, metrics = scored.macro, outcome.metrics
    scores = {"f1": macro.f1, "precision": macro.precision, "recall": macro.recall, "test_loss": metrics["loss"]}
    print(report.format_test_results(scores))
    logger.info(
        "Entity level (seqeval): precision %.2f, recall %.2f, f1 %.2f, strict f1 %.2f",
        *(100 * metrics[name] for name in ("precision", "recall", "f1")),
        100 * metrics.get("strict_f1", metrics["f1"]),
    )


def write_flat_predictions(path: Path, sentences: Sentences, outcome: SplitResults) -> None:
    """Write all gold labels in one line and all predicted ones in the next."""
    gold = " ".join(tag for tags in sentences.gold for tag in tags)
    predicted = " ".join(tag for tags in outcome.tags for tag in tags)
    write_whole(path, f"labels\t{gold}\npreds\t{predicted}\n")
    logger.info("Predictions saved to %s", path)
