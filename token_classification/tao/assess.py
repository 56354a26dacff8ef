"""`evaluate`: NeMo's report on every word of a labelled file, then the scores of whole entities."""

import logging
import os
from datetime import datetime
from functools import partial
from pathlib import Path

from omegaconf import DictConfig

from token_classification.arguments.model import ModelArguments
from token_classification.arguments.report import ReportArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.inputs import read_and_describe
from token_classification.data.load import Corpus
from token_classification.data.results_folder import check_own_files, claim_files
from token_classification.data.sentences import Sentences
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.inference.export_record import read_export_record
from token_classification.modeling.build import load_config, read_model_labels
from token_classification.reporting.confusion import can_draw, draw_confusion_matrix, name_confusion_matrix
from token_classification.scoring.evaluate import SplitResults
from token_classification.story import score_export, walk
from token_classification.tao import report
from token_classification.tao.models import open_model
from token_classification.tao.translate import translate_data, translate_decoding

logger = logging.getLogger(__name__)


def evaluate(spec: DictConfig, results: Path, key: str | None) -> None:
    """Score a model on `test_ds`: report, result dictionary, entity scores, prediction file, confusion matrix.

    Raises:
        UserError: something wrong with the model or the files, or several processes for an exported model.
    """
    if (spec.test_ds.text_file, spec.test_ds.labels_file) == (
        spec.validation_ds.text_file,
        spec.validation_ds.labels_file,
    ):
        logger.warning("test_ds is the validation data, on which the model may have been chosen.")
    text = Path(spec.data_dir) / spec.test_ds.text_file
    flat = results / f"infer_{text.name}"
    if os.environ.get("RANK", "0") == "0":
        check_own_files(results, [flat.name], "give another -r")
        claim_files(results, [flat.name])
    labels = Path(spec.data_dir) / spec.test_ds.labels_file
    sentences, files = read_and_describe(partial(read_text_and_labels, text, labels, spec.test_ds.num_samples))
    corpus = Corpus({"test": sentences}, {"test": str(text)}, files={"test": files})
    with open_model(spec.restore_from, key) as folder:
        if read_export_record(folder) is not None and int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UserError(f"-m {spec.restore_from}: an exported model is scored in one process; leave -g out.")
        names = read_model_labels(load_config(ModelArguments(str(folder))))
        outcome = predict(folder, corpus, spec, results)
    counts = report.count_labels(sentences.tags, outcome.tags, names)
    scored = report.score_report(counts)
    logger.info(report.format_report(scored))
    note = report.describe_unknown_labels(counts)
    if note:
        logger.warning(note)
    macro = scored.macro
    print(
        report.format_test_results(
            {
                "f1": macro.f1,
                "precision": macro.precision,
                "recall": macro.recall,
                "test_loss": outcome.metrics["loss"],
            }
        )
    )
    logger.info(
        "Entity level (seqeval): precision %.2f, recall %.2f, f1 %.2f, strict f1 %.2f",
        *(100 * outcome.metrics[name] for name in ("precision", "recall", "f1")),
        100 * outcome.metrics.get("strict_f1", outcome.metrics["f1"]),
    )
    write_flat_predictions(flat, sentences, outcome)
    if can_draw(names):
        picture = results / name_confusion_matrix(True, datetime.now())
        draw_confusion_matrix(sentences.tags, outcome.tags, picture)
        logger.info("Confusion matrix saved to %s", picture)


def predict(folder: Path, corpus: Corpus, spec: DictConfig, results: Path) -> SplitResults:
    """Predict and score sentences that are loaded already, and leave the files that go with it.

    A trained model walks the story; an exported one is opened by the engine, which runs the same loop and scores.
    """
    arguments = RunArguments(
        ModelArguments(str(folder)),
        translate_data(spec, corpus.sources),
        NerTrainingArguments(
            output_dir=str(results), do_predict=True, per_device_eval_batch_size=spec.test_ds.batch_size
        ),
        decoding=translate_decoding(spec),
        report=ReportArguments(report=spec.report),
    )
    if read_export_record(folder) is None:
        return walk(arguments, corpus=corpus)["test"]
    return score_export(arguments, corpus=corpus)["test"]


def write_flat_predictions(path: Path, sentences: Sentences, outcome: SplitResults) -> None:
    """All gold labels in one line and all predicted ones in the next."""
    gold = " ".join(tag for tags in sentences.tags for tag in tags)
    predicted = " ".join(tag for tags in outcome.tags for tag in tags)
    write_whole(path, f"labels\t{gold}\npreds\t{predicted}\n")
    logger.info("Predictions saved to %s", path)
