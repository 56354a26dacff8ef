"""`export` with a spec: its settings become the options of the command; with a key the export is an archive."""

import argparse
import logging
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from token_classification.commands.export import ExportOptions, build_settings, export, read_data
from token_classification.commands.flags import list_typed
from token_classification.data.results_folder import check_own_files, claim_files, confine_name
from token_classification.data.whole_files import name_unfinished
from token_classification.errors import UserError
from token_classification.export.export_model import export_model
from token_classification.tao.archive.archive import write_archive
from token_classification.tao.commands import run_with_spec
from token_classification.tao.models import ARCHIVE_SUFFIX, open_model
from token_classification.tao.translate import translate_decoding

logger = logging.getLogger(__name__)

DEFAULT_NAME = "exported-model"
RIVA = "riva"


def run(namespace: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    typed = list_typed(ExportOptions, namespace)

    def work(spec: DictConfig, results: Path, key: str | None) -> None:
        options = translate_export(spec, results, typed)
        with open_model(options.model, key) as folder:
            opened = replace(options, model=str(folder))
            if key is None:
                export(opened)
            else:
                export_encrypted(opened, key)

    return run_with_spec(namespace, work)


def translate_export(spec: DictConfig, results: Path, typed: Mapping[str, Any]) -> ExportOptions:
    """Return the options of a spec, with what was typed as flags over them.

    Names of formats may be in any case, as TAO writes them in capitals.

    Raises:
        UserError: a format that only NVIDIA's own tools write.
    """
    if spec.export_format.lower() == RIVA:
        raise UserError(
            f"export_format={spec.export_format}: that is an archive for NVIDIA's Riva servers, and only NVIDIA's own "
            "tools write it. Accepted are export_format=onnx, which runs with ONNX Runtime everywhere (Triton servers "
            "take its model.onnx), and export_format=openvino, the fastest on a CPU."
        )
    decoding = translate_decoding(spec)
    options = {
        "model": spec.restore_from,
        "max_seq_length": decoding.max_seq_length,
        "decoder": decoding.decoder,
        "test_file": spec.test_file,
        "calibration_file": spec.calibration_file,
        "export_format": spec.export_format.lower(),
        "quantize": spec.quantize,
        "max_f1_drop": spec.max_f1_drop,
        "export_to": spec.export_to,
    }
    return ExportOptions(**options | dict(typed) | {"results_dir": results})


def export_encrypted(options: ExportOptions, key: str) -> None:
    """Export into a private folder, whose files become an archive in the results folder.

    Raises:
        UserError: see `export_model`, and a file of that name that this tool has not written.
    """
    settings, data, results = build_settings(options), read_data(options), options.results_dir
    name = confine_name(options.export_to or f"{DEFAULT_NAME}{ARCHIVE_SUFFIX}", "--export_to")
    check_own_files(results, [name], "give another --export_to")
    claim_files(results, [name])
    private = name_unfinished(results / name)
    private.mkdir(mode=0o700)
    try:
        export_model(options.model, private, settings, data, keeps_rejected=False)
        write_archive(private, results / name, key)
    finally:
        shutil.rmtree(private)
    logger.info("Exported model saved to '%s', encrypted: use it with -m and -k", results / name)
