"""A trained model in torch, opened for tagging."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch
from transformers import PreTrainedConfig, PreTrainedTokenizerBase

from token_classification.alignment.window_length import find_window_length
from token_classification.arguments.decoding import choose_window
from token_classification.arguments.model import ModelArguments
from token_classification.data.levels import Labels
from token_classification.hardware import has_accelerator
from token_classification.inference.model_labels import read_labels
from token_classification.inference.opened_model import OpenedModel
from token_classification.inference.torch_model import explain_bf16, run_torch, run_with_states
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.modeling.vocabulary import check_vocabulary
from token_classification.scoring.torch_runner import count_small_call, run_with_torch


def open_trained(arguments: ModelArguments, max_seq_length: int | None, *, in_bf16: bool) -> OpenedModel:
    """Load a model onto the accelerator, or the CPU where there is none.

    Args:
        arguments: Where it is.
        max_seq_length: Longest input that is asked for.
        in_bf16: Compute in bf16.

    Raises:
        UserError: no such model, or it was not fine-tuned.
    """
    config, labels, tokenizer = load_parts(arguments)
    device = (torch.accelerator.current_accelerator() if has_accelerator() else None) or torch.device("cpu")
    network = load_model(arguments, config, labels).eval()
    network.to(device)
    run, run_states = run_torch(network), run_with_states(network)
    precision: Callable[[], AbstractContextManager[object]] = nullcontext
    if in_bf16:
        run, run_states = explain_bf16(run), explain_bf16(run_states)
        precision = partial(torch.autocast, device.type, torch.bfloat16)
    return OpenedModel(
        config=config,
        labels=labels,
        tokenizer=tokenizer,
        run_model=run_with_torch(run, device, count_small_call(network)),
        window_length=find_window_length(choose_window(max_seq_length, config), tokenizer, network),
        device=device,
        precision=precision,
        run_with_states=run_with_torch(run_states, device),
    )


def load_parts(arguments: ModelArguments) -> tuple[PreTrainedConfig, Labels, PreTrainedTokenizerBase]:
    """Load what says how text becomes the input of a model, and its output labels.

    Raises:
        UserError: no such model, it was not fine-tuned, or its tokenizer is that of another one.
    """
    config = load_config(arguments)
    labels = read_labels(config, arguments.model_name_or_path)
    tokenizer = load_tokenizer(arguments)
    check_vocabulary(tokenizer, config, arguments.model_name_or_path)
    return config, labels, tokenizer
