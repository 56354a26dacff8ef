"""LoRA: a low-rank adapter beside each linear layer of an encoder learns, and the encoder's own weights stay.

A model with adapters is still of the library's class; peft replaces its linear layers. In a folder it is an adapter as
peft knows it, with the whole head, and it needs the encoder again.
"""

import logging
import re
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from token_classification.arguments.model import ModelArguments
from token_classification.errors import UserError
from token_classification.modeling.adapter_base import ADAPTER_WEIGHTS, BASE_CHECKSUM, describe_base
from token_classification.modeling.weights import NOT_NEEDED

if TYPE_CHECKING:
    from peft import LoraConfig

logger = logging.getLogger(__name__)

ADAPTER = "default"
"""peft's name for the one adapter of a model"""
PREFIX = "base_model.model."
"""What peft puts in front of the names of weights in a file"""


def attach_adapters(model: PreTrainedModel, rank: int, alpha: float | None, start: ModelArguments) -> None:
    """Put an adapter beside each linear layer of the encoder, and freeze all else but the head.

    An adapter starts as zero, so the model computes what it computed before.

    Args:
        model: A model with its head; is changed.
        rank: Numbers that a layer's input is reduced to.
        alpha: What the adapters are multiplied by, times the rank; None: twice the rank.
        start: Where the encoder comes from, which is found there again when the adapter is loaded.

    Raises:
        UserError: the encoder has no linear layers, or is no part of its own in this model.
        ImportError: peft is not installed.
    """
    from peft import LoraConfig, inject_adapter_in_model

    layers = _list_linear_layers(model)
    if not layers:
        raise UserError(
            f"--lora_rank {rank}: {type(model).__name__} has no encoder with linear layers, beside which adapters "
            "could learn; accepted: another encoder; or leave it out"
        )
    name, revision, checksum = describe_base(start)
    config = LoraConfig(
        task_type="TOKEN_CLS",
        base_model_name_or_path=name,
        revision=revision,
        r=rank,
        lora_alpha=2 * rank if alpha is None else alpha,
        target_modules=layers,
    )
    inject_adapter_in_model(config, model, ADAPTER)
    setattr(model.config, BASE_CHECKSUM, checksum)
    for weight, parameter in model.named_parameters():
        if _is_outside(model, weight):
            parameter.requires_grad_(True)
    learnt = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    whole = sum(parameter.numel() for parameter in model.parameters())
    logger.info(
        "LoRA: %s of %s weights are trained, in adapters beside %s layers and in the head.",
        *(f"{number:,}" for number in (learnt, whole, len(layers))),
    )


def find_adapter_config(model: PreTrainedModel) -> "LoraConfig | None":
    """Return the settings of a model's adapters; None: it has none."""
    return getattr(model, "peft_config", {}).get(ADAPTER)


def save_adapters(model: PreTrainedModel, folder: Path) -> None:
    """Write adapters and head as peft reads them, with a `config.json` that names the labels."""
    config: Any = deepcopy(find_adapter_config(model))
    config.inference_mode = True
    names = _name_weights(model)
    # Layers by their whole names: peft looks for modules whose names end like that, inside of the encoder, too.
    config.modules_to_save = sorted({name.rpartition(".")[0] for name in names.values() if _is_outside(model, name)})
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    weights = model.state_dict()
    save_file(
        {name: weights[own].contiguous() for name, own in names.items()},
        folder / ADAPTER_WEIGHTS,
        metadata={"format": "pt"},
    )
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)


def load_adapters(model: PreTrainedModel, folder: Path) -> None:
    """Load adapters and head from a checkpoint into a model that is trained.

    Raises:
        UserError: the checkpoint has none, or those of another model.
    """
    path, names = folder / ADAPTER_WEIGHTS, _name_weights(model)
    weights = load_file(path) if path.is_file() else {}
    if weights.keys() != names.keys():
        strange = sorted(weights.keys() ^ names.keys())
        raise UserError(
            f"{path}: not the adapters of this training ({strange[0]} and {len(strange) - 1:,} more differ); "
            "accepted: a checkpoint with the same --lora_rank. To start over: --overwrite_output_dir without "
            "--resume_from_checkpoint."
        )
    model.load_state_dict({own: weights[name] for name, own in names.items()}, strict=False)


def _list_linear_layers(model: PreTrainedModel) -> list[str]:
    """List the names of the linear layers inside the encoder whose output tagging uses."""
    if model.base_model is model:
        return []
    return [
        f"{model.base_model_prefix}.{name}"
        for name, module in model.base_model.named_modules()
        if isinstance(module, (nn.Linear, Conv1D)) and name.partition(".")[0] not in NOT_NEEDED
    ]


def _name_weights(model: PreTrainedModel) -> dict[str, str]:
    """Return the names in a file of all weights that are trained -> their names in the model."""
    return {
        PREFIX + re.sub(rf"(\.lora_[AB])\.{ADAPTER}\.", r"\1.", name): name
        for name in model.state_dict()
        if _is_outside(model, name) or re.search(rf"\.lora_[AB]\.{ADAPTER}\.", name)
    }


def _is_outside(model: PreTrainedModel, weight: str) -> bool:
    return not weight.startswith(f"{model.base_model_prefix}.")
