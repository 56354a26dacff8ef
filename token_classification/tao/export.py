"""`export`: a trained model in the format of a faster runtime, if it scores as before."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.sentences import Sentences
from token_classification.export.export_model import ExportData, ExportSettings, export_model
from token_classification.tao.models import open_model

logger = logging.getLogger(__name__)


def export(spec: DictConfig, results: Path, key: str | None) -> None:
    """Export a model into the results folder, or its rejected form into `rejected/` there.

    Raises:
        UserError: something is missing or no such format.
        RejectedError: the F1 fell by more than `max_f1_drop`.
    """
    max_length = spec.model.dataset.max_seq_length
    settings = ExportSettings(
        spec.export_format, spec.quantize, spec.max_f1_drop, max_length if max_length > 0 else None
    )
    data = ExportData(
        test=read_file(spec.test_file),
        test_source=spec.test_file,
        calibration=read_file(spec.calibration_file) if spec.calibration_file else None,
        calibration_source=spec.calibration_file,
    )
    if key is not None:
        logger.warning("The exported model is a plain folder: only archives of a training are encrypted.")
    with open_model(spec.restore_from, key) as folder:
        export_model(str(folder), results, settings, data)


def read_file(path: str) -> Sentences:
    """A file of any known format; `text_*.txt` with the `labels_*.txt` beside it, as `dataset_convert` writes them."""
    text = Path(path)
    labels = text.with_name(text.name.replace("text_", "labels_", 1))
    if text.name.startswith("text_") and labels.is_file():
        return read_text_and_labels(text, labels)
    return read_sentences(text)
