"""What a model runs with, and what is known of it once it is open, whatever runtime it uses."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.alignment.words import WordTokenizer
from token_classification.data.levels import Labels
from token_classification.errors import UserError
from token_classification.hardware import multiplies_bf16
from token_classification.inference.export_record import EXPORTED_BACKENDS, ExportRecord
from token_classification.scoring.predict import RunModel

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig

    from token_classification.modeling.plain_files import PlainConfig

logger = logging.getLogger(__name__)

TORCH_BACKENDS = ("torch", "torch-bf16")
BACKENDS = TORCH_BACKENDS + EXPORTED_BACKENDS
"""What a model can run with; all but the first two need a folder that `export` wrote"""
BF16_BACKENDS = ("torch-bf16", "openvino-bf16", "openvino-int8")
"""Those that compute in bf16 where the machine can: what they round away depends on the shape of a batch"""


@dataclass(frozen=True)
class OpenedModel:
    """A model that can be called, and what says how text becomes its input, and its output tags."""

    config: "PreTrainedConfig | PlainConfig"
    labels: Labels
    tokenizer: WordTokenizer
    run_model: RunModel
    window_length: int
    """Longest input in positions"""
    device: "torch.device | str" = "cpu"
    precision: Callable[[], AbstractContextManager[object]] = nullcontext
    """Opens the context in which it runs"""
    run_with_states: RunModel | None = None
    """Returns the encoder's last states behind the logits; None: it gives logits only"""


def choose_backend(model: str | Path, backend: str, record: ExportRecord | None) -> str:
    """Return what a model runs with; `auto`: what it was exported for, else torch.

    Raises:
        UserError: no such backend, or the model was not exported for it.
    """
    if backend == "auto":
        return record.backend if record else "torch"
    if backend not in BACKENDS:
        raise UserError(f"backend {backend}: accepted are auto, {', '.join(BACKENDS)}.")
    if backend in EXPORTED_BACKENDS and (record is None or record.backend != backend):
        found = f"is exported for {record.backend}" if record else "is not exported"
        exported, _, quantized = backend.partition("-")
        raise UserError(
            f"model {model}: {found}, so it can't run with {backend}; export it first: token_classification export "
            f"-m MODEL -r OUT --export_format {exported} --quantize {quantized or 'none'}, and give OUT as the model"
        )
    if backend == "torch-bf16" and not multiplies_bf16():
        logger.warning("torch-bf16: this machine has no bf16 units; torch will be faster.")
    return backend
