"""Everything that a run leaves for people and programs, beside the model and its metrics."""

from collections.abc import Mapping
from pathlib import Path

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.reporting.model_card import write_model_card
from token_classification.reporting.predictions import write_legacy_predictions, write_predictions
from token_classification.reporting.run_record import write_run_record
from token_classification.reporting.tables import format_scores
from token_classification.scoring.evaluate import SplitResults


def write_report(
    arguments: tuple[ModelArguments, DataArguments, NerTrainingArguments],
    corpus: Corpus,
    label_set: LabelSet,
    window_length: int,
    results: Mapping[str, SplitResults],
    model_folder: Path | None = None,
) -> None:
    """Write predictions, `run.json` and the model card (into the model's folder), and print the final tables."""
    data, training = arguments[1], arguments[2]
    folder = Path(training.output_dir)
    if "test" in results:
        write_predictions(folder, corpus.splits["test"], results["test"].tags)
        if data.legacy_predictions:
            write_legacy_predictions(folder, corpus.splits["test"], results["test"].tags, data.task_name)
    write_run_record(folder, arguments, corpus, label_set, window_length)
    write_model_card(model_folder or folder, arguments, label_set, window_length, results)
    for split, result in results.items():
        if "f1" in result.metrics:
            print(f"\n{format_scores(split, result.metrics, result.types)}")
