"""`export`: a trained model in the format of a faster runtime, if it scores as before."""

import logging
import shutil
from pathlib import Path

from omegaconf import DictConfig

from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.results_folder import check_own_files, claim_files, confine_name
from token_classification.data.sentences import Sentences
from token_classification.data.whole_files import name_unfinished
from token_classification.errors import UserError
from token_classification.export.export_model import ExportData, ExportSettings, export_model
from token_classification.tao.archive.archive import write_archive
from token_classification.tao.models import ARCHIVE_SUFFIX, open_model
from token_classification.tao.translate import translate_decoding

logger = logging.getLogger(__name__)

DEFAULT_NAME = "exported-model"
RIVA = "riva"


def export(spec: DictConfig, results: Path, key: str | None) -> None:
    """Export a model into the results folder, into the folder there that `export_to` names, or with a key into an
    encrypted archive of that name.

    Raises:
        UserError: something is missing or no such format.
        RejectedError: the F1 fell by more than `max_f1_drop`.
    """
    settings = read_settings(spec)
    name = None if spec.export_to is None else confine_name(spec.export_to, "export_to")
    data = ExportData(
        test=read_file(spec.test_file) if spec.test_file else None,
        test_source=spec.test_file or "",
        calibration=read_file(spec.calibration_file) if spec.calibration_file else Sentences(),
        calibration_source=spec.calibration_file or "",
    )
    with open_model(spec.restore_from, key) as folder:
        if key is None:
            export_model(str(folder), results / (name or ""), settings, data)
        else:
            export_encrypted(folder, results, name or f"{DEFAULT_NAME}{ARCHIVE_SUFFIX}", settings, data, key)


def read_settings(spec: DictConfig) -> ExportSettings:
    """What to export to; names of formats in any case, as TAO writes them in capitals.

    Raises:
        UserError: a value that is not accepted.
    """
    export_format = spec.export_format.lower()
    if export_format == RIVA:
        raise UserError(
            f"export_format={spec.export_format}: that is an archive for NVIDIA's Riva servers, and only NVIDIA's own "
            "tools write it. Accepted are export_format=onnx, which runs with ONNX Runtime everywhere (Triton servers "
            "take its model.onnx), and export_format=openvino, the fastest on a CPU."
        )
    decoding = translate_decoding(spec)
    return ExportSettings(export_format, spec.quantize, spec.max_f1_drop, decoding.max_seq_length, decoding.decoder)


def export_encrypted(
    source: Path, results: Path, name: str, settings: ExportSettings, data: ExportData, key: str
) -> None:
    """Export into a private folder, whose files become an archive in the results folder.

    Raises:
        UserError: see `export_model`, and a file of that name that this tool has not written.
    """
    check_own_files(results, [name], "give another export_to")
    claim_files(results, [name])
    private = name_unfinished(results / name)
    private.mkdir(mode=0o700)
    try:
        export_model(str(source), private, settings, data, keeps_rejected=False)
        write_archive(private, results / name, key)
    finally:
        shutil.rmtree(private)
    logger.info("Exported model saved to '%s', encrypted: use it with -m and -k", results / name)


def read_file(path: str) -> Sentences:
    """A file of any known format; `text_*.txt` with the `labels_*.txt` beside it, as `dataset_convert` writes them."""
    text = Path(path)
    labels = text.with_name(text.name.replace("text_", "labels_", 1))
    if text.name.startswith("text_") and labels.is_file():
        return read_text_and_labels(text, labels)
    return read_sentences(text)
