"""An adapter and its encoder become one model of the library's class: what predicts, exports and learns further."""

import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedConfig, PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.errors import UserError
from token_classification.extras import require_package
from token_classification.modeling.adapter_base import ADAPTER_CONFIG, BASE_CHECKSUM, Adapter, finding_base
from token_classification.modeling.deep_head import DeepHeadConfig
from token_classification.modeling.new_head import load_encoder
from token_classification.modeling.weights import load_weights
from token_classification.recipe import DEFAULT_RECIPE


def load_merged(adapter: Adapter, arguments: ModelArguments, config: PreTrainedConfig) -> PreTrainedModel:
    """Load the encoder of an adapter in float32, and add the adapter to its weights.

    Args:
        adapter: The adapter.
        arguments: Those that name it.
        config: Its config, with its labels.

    Raises:
        UserError: see `finding_base`, the adapter does not fit, or peft is not installed.
        OSError: a file can't be read (also ValueError and RuntimeError: weights that don't fit).
    """
    require_package("peft", f"model {adapter.folder}: an adapter")
    with finding_base(adapter, arguments) as start:
        if isinstance(config, DeepHeadConfig):
            model = AutoModelForTokenClassification.from_config(config, dtype=torch.float32)
            encoder = load_encoder(start, AutoConfig.from_pretrained(start.model_name_or_path), DEFAULT_RECIPE)
            model.base_model.load_state_dict(encoder.state_dict())
        else:
            model = load_weights(
                AutoModelForTokenClassification,
                start,
                is_tagger=False,
                has_head_elsewhere=True,
                config=config,
                dtype=torch.float32,
            )
    merged = _merge(model, adapter.folder)
    # It is whole now, and needs no other folder.
    vars(merged.config).pop(BASE_CHECKSUM, None)
    return merged


def _merge(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Add the weights of an adapter to those of a model, and put its head in the place of the model's.

    Raises:
        UserError: the file has other weights than the adapter's settings say.
    """
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

    try:
        with warnings.catch_warnings():
            # It asks the model by a name that the library is about to give up.
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            adapted = PeftModel.from_pretrained(model, str(folder), low_cpu_mem_usage=True)
        expected = get_peft_model_state_dict(adapted, save_embedding_layers=False).keys()
        strange = sorted(expected ^ load_peft_weights(str(folder), device="cpu").keys())
    except KeyError as error:
        strange = [str(error.args[0])]
    if strange:
        raise UserError(
            f"model {folder}: the weights of its adapter are not those that {ADAPTER_CONFIG} asks for ({strange[0]}, "
            "for instance); accepted: the files as the training wrote them"
        )
    # It takes out what belongs to peft, but leaves the weights frozen.
    merged: Any = adapted.merge_and_unload(safe_merge=True)
    return merged.requires_grad_(True)
