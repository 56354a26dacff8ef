"""`export`: a trained model in the format of a faster runtime, if it scores as before."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from token_classification.commands.flags import add_dataclass_flags, build_options, flag
from token_classification.commands.model_choice import ModelChoice
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.sentences import Sentences
    from token_classification.export.export_model import ExportData, ExportSettings

WORDS = COMMON_WORDS | {"--validation_file": "--test_file", "--train_file": "--calibration_file"}
"""What `run_ner.py --do_export` calls otherwise"""


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ModelChoice):
    """What to export a model to, what it is measured on, and where it is written."""

    test_file: str | None = flag(
        "Sentences with gold tags to score the exported model on; optional for float32.",
        group="data",
        default=None,
        metavar="FILE",
    )
    calibration_file: str | None = flag(
        "For int8: a few hundred sentences of the training data; tags are not needed.",
        group="data",
        default=None,
        metavar="FILE",
    )
    export_format: str = flag(
        "Format: openvino (the fastest on Intel and AMD processors) or onnx.",
        group="output",
        default="openvino",
        metavar="openvino|onnx",
        parse=str.lower,
    )
    quantize: Literal["none", "bf16", "int8"] = flag(
        "Precision: none (float32), bf16 (OpenVINO only) or int8.", group="output", default="none"
    )
    max_f1_drop: float = flag(
        "How much F1 the exported model may lose: 0.005 is half a point.",
        group="output",
        default=0.005,
        metavar="SHARE",
    )
    results_dir: Path = flag("Folder of the results.", "-r", group="output", metavar="DIR")
    export_to: str | None = flag(
        "Name of the exported folder in DIR. Default: DIR itself.", group="output", default=None, metavar="NAME"
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `export`."""
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings as in TAO, listed below")
    add_dataclass_flags(parser, ExportOptions)


def run(namespace: argparse.Namespace) -> int:
    """Export the model that the flags name, and return the exit code.

    Raises:
        UserError: see `export`.
    """
    options = build_options(ExportOptions, namespace, "export")
    with quick_imports():
        from token_classification.data.results_folder import lock_folder
    with speaking(WORDS), lock_folder(options.results_dir, "-r"):
        export(options)
    return 0


def export(options: ExportOptions) -> None:
    """Export a model into the results folder, or into the folder there that `export_to` names.

    Raises:
        UserError: something is missing or no such format.
        RejectedError: the F1 fell by more than `max_f1_drop`.
    """
    with quick_imports():
        from token_classification.data.results_folder import confine_name
        from token_classification.export.export_model import export_model
    settings = build_settings(options)
    name = None if options.export_to is None else confine_name(options.export_to, "--export_to")
    export_model(options.model, options.results_dir / (name or ""), settings, read_data(options))


def build_settings(options: ExportOptions) -> "ExportSettings":
    """Return what to export to.

    Raises:
        UserError: a value that is not accepted.
    """
    from token_classification.export.export_model import ExportSettings

    return ExportSettings(
        cast(Literal["openvino", "onnx"], options.export_format),  # which it checks
        options.quantize,
        options.max_f1_drop,
        options.max_seq_length,
        options.decoder,
    )


def read_data(options: ExportOptions) -> "ExportData":
    """Read the sentences that an export is scored on, and calibrated with."""
    from token_classification.data.sentences import Sentences
    from token_classification.export.export_model import ExportData

    return ExportData(
        test=read_file(options.test_file) if options.test_file else None,
        test_source=options.test_file or "",
        calibration=read_file(options.calibration_file) if options.calibration_file else Sentences(),
        calibration_source=options.calibration_file or "",
    )


def read_file(path: str) -> "Sentences":
    """Read a file of any known format; `text_*.txt` with the `labels_*.txt` beside it is one."""
    from token_classification.data.formats import read_sentences
    from token_classification.data.formats.text_and_labels import read_text_and_labels

    text = Path(path)
    labels = text.with_name(text.name.replace("text_", "labels_", 1))
    if text.name.startswith("text_") and labels.is_file():
        return read_text_and_labels(text, labels)
    return read_sentences(text)
