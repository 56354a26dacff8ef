"""The story of an export: measure the model, convert, quantize, gate, keep what hurts, publish or reject.

Without labelled sentences: convert, compare with the model, publish.
"""

import logging
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from transformers import PreTrainedModel

from token_classification.arguments.decoding import Decoder, record_decoding
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.data.level_columns import split_columns
from token_classification.data.load import Corpus
from token_classification.data.sentences import Sentences
from token_classification.errors import RejectedError, UserError
from token_classification.export.failures import explain_failure
from token_classification.export.folder import describe_source, describe_versions, open_workshop, publish, reject
from token_classification.export.gate import Gate, GateRow, format_table, open_gate
from token_classification.export.network import list_parts
from token_classification.export.quantizer import Quantize, Quantizer, RestorePart, draw_calibration
from token_classification.export.unscored import NOT_SCORED, check_conversion
from token_classification.export.variants import convert_model, pick_tools, write_record
from token_classification.hardware import multiplies_bf16
from token_classification.inference.calibration_record import CALIBRATION_FILE
from token_classification.inference.engine import Engine, open_engine
from token_classification.modeling.build import load_config, load_model
from token_classification.output_text import quote_path

logger = logging.getLogger(__name__)

USE_TORCH = "use the model itself: it runs with torch everywhere"


@dataclass(frozen=True)
class ExportSettings:
    """What to export to, and how much F1 it may cost."""

    export_format: Literal["openvino", "onnx"]
    quantize: Literal["none", "bf16", "int8"]
    max_f1_drop: float
    """As a fraction: 0.005 is half a point"""
    max_seq_length: int | None = None
    """Longest input in positions; None: what the model was trained with, else the most that it takes"""
    decoder: Decoder | None = None
    """How tags are read off; None: as in training"""

    def __post_init__(self) -> None:
        """Check the values, all of them before the first is reported.

        Raises:
            UserError: a value that is not accepted.
        """
        problems = []
        if self.export_format not in ("openvino", "onnx"):
            problems.append(f"--export_format {self.export_format}: accepted are openvino and onnx.")
        if self.quantize not in ("none", "bf16", "int8"):
            problems.append(f"--quantize {self.quantize}: accepted are none, bf16 and int8.")
        if (self.export_format, self.quantize) == ("onnx", "bf16"):
            problems.append(
                "--quantize bf16: ONNX Runtime has no bf16 on the CPU; accepted are none and int8, or bf16 with "
                "--export_format openvino."
            )
        if not 0 <= self.max_f1_drop <= 1:
            problems.append(
                f"--max_f1_drop {self.max_f1_drop}: accepted is a fraction from 0 to 1; 0.005 is half a point of F1."
            )
        if problems:
            raise UserError("\n".join(problems))

    @property
    def backend(self) -> str:
        """Return the engine's name for the exported model."""
        return self.export_format if self.quantize == "none" else f"{self.export_format}-{self.quantize}"


@dataclass(frozen=True)
class ExportData:
    """The labelled sentences that the gate scores, and the ones that int8 is calibrated with; each with its file."""

    test: Sentences | None = None
    """None: a float32 model is exported without a gate"""
    test_source: str = ""
    calibration: Sentences = field(default_factory=Sentences)
    calibration_source: str = ""
    """Empty: no file was given"""


def export_model(
    source: str,
    target: Path,
    settings: ExportSettings,
    data: ExportData,
    quantize: Quantize | None = None,
    keeps_rejected: bool = True,
) -> GateRow | None:
    """Export a trained model if the exported one scores as well.

    Args:
        source: Folder of the model, or its name on the Hub.
        target: Folder for the exported model.
        settings: What to export to.
        data: Calibration and test sentences.
        quantize: Makes the int8 model in place of the function that belongs to the format.
        keeps_rejected: Whether the files of a rejected model stay in the target.

    Returns:
        The exported model's row in the gate; None where there was nothing to score it on.

    Raises:
        UserError: gold tags, calibration sentences or a library are missing, or `target` holds another model.
        RejectedError: the F1 fell by more than `max_f1_drop`, even with parts kept in higher precision, or the
            converted model's outputs differ from the original's.
    """
    _check_data(data, settings)
    pick_tools(settings.backend).check_installed()
    failed, other = f"model {source}: can't be", name_other_format(settings.export_format)
    converting = explain_failure(f"{failed} converted to {settings.export_format}", f"try {other}, or {USE_TORCH}")
    quantizing = explain_failure(f"{failed} quantized to int8", f"try --quantize none, or {other}")
    with open_workshop(target) as workshop:
        open_source = partial(open_engine, source, max_seq_length=settings.max_seq_length, decoder=settings.decoder)
        engine = open_source("torch")
        arguments = ModelArguments(source)
        network = load_model(arguments, load_config(arguments), engine.label_set)
        record_decoding(network.config, settings.max_seq_length, engine.aligner.window_length, settings.decoder)
        folder = workshop / settings.export_format
        if data.test is None:
            with converting:
                _convert_unscored(network, engine, folder, describe_export(source, settings, data, []))
            publish(folder, target, NOT_SCORED)
            _say_exported(source, target, settings)
            return None

        # 1. Measure the model itself.
        size = sum(tensor.numel() * tensor.element_size() for tensor in network.parameters()) / 1e6
        gate = open_gate(engine, data.test, data.test_source, settings.max_f1_drop, size)
        rows = [gate.reference]
        if multiplies_bf16():
            half = open_source("torch-bf16")
            rows.append(gate.measure(half, size))

        # 2. Convert: the same weights in another format.
        with converting:
            convert_model(network, engine, settings.export_format, folder)
            rows.append(gate.measure_folder(folder))

        # 3. Quantize, and keep in higher precision what hurts most.
        if settings.quantize == "bf16":
            write_record(folder, settings.backend, engine)
            rows.append(gate.measure_folder(folder))
        elif settings.quantize == "int8":
            parts, functions = list_parts(network), _pick_functions(settings.backend, quantize)
            calibration = draw_calibration(data.calibration)
            quantizer = Quantizer(folder, settings.backend, engine, parts, calibration, *functions)
            # Parts are ranked by their distance from float32: without a good float32 there is nothing to rank by.
            with quantizing:
                folder, attempts = quantizer.quantize_for(gate, ranks=gate.passes(rows[-1]))
            rows += attempts

        # 4. Publish or reject.
        write_record(folder, rows[-1].variant, engine, describe_export(source, settings, data, rows))
        print(format_table(rows))
        if not gate.passes(rows[-1]):
            rejected = reject(folder, target, format_table(rows)) if keeps_rejected else None
            raise RejectedError(explain_rejection(gate, rows, rejected))
        publish(folder, target, format_table(rows))
    _say_exported(source, target, settings)
    return rows[-1]


def _pick_functions(backend: str, quantize: Quantize | None) -> tuple[Quantize, RestorePart | None]:
    """Return what makes an int8 model, and what restores a part of it; the latter only knows what our own makes."""
    tools = pick_tools(backend)
    return (quantize, None) if quantize else (tools.quantize, tools.restore_part)


def _convert_unscored(network: PreTrainedModel, engine: Engine, folder: Path, notes: dict[str, Any]) -> None:
    logger.warning(
        "The exported model is not scored; to have it scored, give labelled sentences: --validation_file FILE. It is "
        "only compared with the original on made-up sentences."
    )
    convert_model(network, engine, folder.name, folder)
    check_conversion(engine, folder)
    write_record(folder, folder.name, engine, notes)


def _say_exported(source: str, target: Path, settings: ExportSettings) -> None:
    logger.info("Exported to %s: load it like any other model (backend: %s)", target, settings.backend)
    if (Path(source) / CALIBRATION_FILE).is_file():
        logger.info(
            "The calibration of %s is not that of the exported model; to fit it: token_classification calibrate -m %s "
            "--data FILE",
            source,
            quote_path(target),
        )


def check_export_arguments(arguments: RunArguments) -> ExportSettings:
    """Read the settings of `--do_export`; before a training, so that it is not in vain.

    Raises:
        UserError: a value that is not accepted, or a library that is not installed.
    """
    if len(split_columns(arguments.data.label_column_name)) > 1:
        raise UserError(
            f"--do_export with --label_column_name {arguments.data.label_column_name}: a model of nested entities "
            "can't be exported; accepted: one column of tags; leave --do_export out"
        )
    export, decoding = arguments.export, arguments.decoding
    settings = ExportSettings(
        export.export_format, export.quantize, export.max_f1_drop, decoding.max_seq_length, decoding.decoder
    )
    pick_tools(settings.backend).check_installed()
    return settings


def export_run(source: str, corpus: Corpus, arguments: RunArguments) -> GateRow | None:
    """Export the model of a run of `run_ner.py` to `output_dir/export`, with the run's training and validation data.

    Raises:
        UserError: see `export_model`.
        RejectedError: the F1 fell by more than `--max_f1_drop`.
    """
    splits, sources = corpus.splits, corpus.sources
    data = ExportData(
        *(splits["validation"], sources["validation"]),
        *(splits.get("train", Sentences()), sources.get("train", "")),
    )
    target = Path(str(arguments.training.output_dir)) / "export"
    return export_model(source, target, check_export_arguments(arguments), data)


def _check_data(data: ExportData, settings: ExportSettings) -> None:
    """Check that the gate has gold tags and int8 has sentences to calibrate with; what changes scores needs a gate.

    Raises:
        UserError: all that is missing.
    """
    problems = []
    if data.test is None:
        if settings.quantize != "none":
            problems.append(
                f"--quantize {settings.quantize} changes the model's outputs, so it has to be scored: give labelled "
                "sentences with --validation_file FILE, or type --quantize none."
            )
    elif data.test.tags is None:
        problems.append(f"{data.test_source}: no tags; the gate scores the exported model on labelled sentences.")
    if data.test is not None and not any(data.test.tokens):
        problems.append(f"{data.test_source}: no words to score the exported model on.")
    if settings.quantize == "int8" and not data.calibration_source:
        problems.append(
            "--quantize int8 needs sentences to calibrate with (tags are not needed): give a few hundred of the "
            "training data with --train_file FILE."
        )
    elif settings.quantize == "int8" and not any(data.calibration.tokens):
        problems.append(f"{data.calibration_source}: no words to calibrate int8 with.")
    if problems:
        raise UserError("\n".join(problems))


def describe_export(source: str, settings: ExportSettings, data: ExportData, rows: list[GateRow]) -> dict[str, Any]:
    """Return what `export.json` tells people: where the model comes from, how it was made and what it scores."""
    described: dict[str, Any] = {"source": describe_source(source), "test_file": data.test_source or None}
    if settings.quantize == "int8":
        described["calibration_file"] = data.calibration_source
        described["calibration_sentences"] = len(draw_calibration(data.calibration))
        described["not_quantized"] = list(rows[-1].kept)
    return described | {
        "max_f1_drop": settings.max_f1_drop,
        "gate": [asdict(row) for row in rows],
        "versions": describe_versions(),
    }


def name_other_format(export_format: str) -> str:
    """Return what to type where a format can't hold a model as it is."""
    return f"--export_format {'onnx' if export_format == 'openvino' else 'openvino'}"


def explain_rejection(gate: Gate, rows: list[GateRow], rejected: Path | None) -> str:
    """Tell whoever wanted the model why there is none; its files are in `rejected`, or nowhere."""
    row = rows[-1]
    place = "Its files are not kept." if rejected is None else f"Its files are in {rejected}."
    exact = next(row for row in rows if row.variant in ("openvino", "onnx"))
    if gate.passes(exact):
        advice = (
            "Calibrate with more or other sentences, choose --quantize bf16 or none, or allow more with --max_f1_drop."
        )
    else:
        advice = (
            f"The conversion to float32 ({exact.variant}) is not exact: try {name_other_format(exact.variant)}, or "
            f"{USE_TORCH}."
        )
    if row.fault:
        return f"{row.variant}: {row.fault} on {gate.source}. {place} {advice}"
    lost = 100 * (gate.reference.f1 - row.f1)
    return (
        f"{row.variant} scores {100 * row.f1:.2f} F1 on {gate.source}, {lost:.2f} points below the original "
        f"({100 * gate.reference.f1:.2f}); at most {100 * gate.max_f1_drop:g} are accepted. {place} {advice}"
    )
