"""A model that `export` wrote, opened for tagging: with its runtime, and without torch and transformers."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.alignment.window_length import find_position_limit
from token_classification.alignment.words import WordTokenizer
from token_classification.arguments.decoding import choose_window
from token_classification.arguments.model import ModelArguments
from token_classification.data.levels import Labels
from token_classification.data.whole_files import refuse_interrupted_set
from token_classification.errors import UserError
from token_classification.inference.export_record import (
    EXPORT_FILE,
    ExportRecord,
    advise_export,
    verify_model_files,
)
from token_classification.inference.model_labels import read_labels
from token_classification.inference.opened_model import OpenedModel
from token_classification.modeling.plain_files import (
    PlainConfig,
    UnsureError,
    read_plain_config,
    read_plain_tokenizer,
)
from token_classification.modeling.tokenizer import add_prefix_space
from token_classification.modeling.vocabulary import check_vocabulary
from token_classification.scoring.predict import RunModel

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

logger = logging.getLogger(__name__)


def open_exported(folder: Path, record: ExportRecord, max_seq_length: int | None, streams: int) -> OpenedModel:
    """Open the model of an exported folder.

    Args:
        folder: The folder.
        record: What it says of itself.
        max_seq_length: Longest input that is asked for.
        streams: How many threads will call it at the same time.

    Raises:
        UserError: the runtime is missing, or a file is not as it was written.
    """
    config, labels, tokenizer = _read_parts(folder)
    wanted = choose_window(max_seq_length, config)
    longest = _find_longest_window(folder, record, config)
    if wanted and wanted > longest:
        logger.warning("--max_seq_length %s is more than the model was exported for: %s is used.", wanted, longest)
    return OpenedModel(
        config=config,
        labels=labels,
        tokenizer=tokenizer,
        run_model=_load_exported(folder, record, streams),
        window_length=longest if wanted is None or wanted == -1 else min(wanted, longest),
    )


def _read_parts(folder: Path) -> "tuple[PreTrainedConfig | PlainConfig, Labels, WordTokenizer]":
    """Read config, labels and tokenizer, with transformers if their files may mean something else to it."""
    refuse_interrupted_set(folder)
    try:
        config = read_plain_config(folder)
        labels = read_labels(config, str(folder))
        tokenizer = read_plain_tokenizer(folder)
    except UnsureError as reason:
        logger.warning(
            "%s: %s, so transformers and torch are loaded to read the files, which takes seconds; the answers are the "
            "same.",
            folder,
            reason,
        )
        from token_classification.inference.torch_network import load_parts

        return load_parts(ModelArguments(str(folder)))
    add_prefix_space(tokenizer)
    check_vocabulary(tokenizer, config, str(folder))
    return config, labels, tokenizer


def _load_exported(folder: Path, record: ExportRecord, streams: int) -> RunModel:
    """Open an exported model with its runtime, which is an extra and therefore imported only here.

    Raises:
        UserError: the runtime is missing, or can't load the files.
    """
    verify_model_files(folder, record)
    try:
        if record.backend.startswith("onnx"):
            from token_classification.inference.onnx_model import load_onnx

            return load_onnx(folder, record)
        from token_classification.inference.openvino_model import load_openvino

        return load_openvino(folder, record, streams)
    except UserError:
        raise
    except Exception as error:  # the runtimes raise classes of their own, which share no base
        raise UserError(
            f"{folder / record.model_file}: can't be loaded ({str(error).strip().partition(chr(10))[0]:.200}); "
            f"accepted: the files as they were written; {advise_export(folder)}"
        ) from error


def _find_longest_window(folder: Path, record: ExportRecord, config: "PreTrainedConfig | PlainConfig") -> int:
    """Return the window length of the record.

    Raises:
        UserError: the model has fewer positions.
    """
    positions = find_position_limit(config) or record.window_length
    if record.window_length > positions:
        raise UserError(
            f"{folder / EXPORT_FILE}: window_length is {record.window_length}, but the model has {positions} "
            f"positions; accepted: the files as they were written; {advise_export(folder)}"
        )
    return record.window_length
