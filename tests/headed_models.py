"""Tiny encoders with new heads, for the tests of heads and of the models that have them."""

import inspect
from pathlib import Path

import torch
from transformers import PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.inference.engine import Engine
from token_classification.modeling.build import load_config, load_model
from token_classification.recipe import HeadOptions, Recipe

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 60,
}
"""Of a tiny model, under the names that most configs have for them"""
IDS = torch.tensor([[2, 7, 9, 8, 3]])


def build(folder: Path, names: LabelSet = LABELS, seed: int = 0, **head) -> PreTrainedModel:
    """Put a new head on the encoder of a folder, as `train` does."""
    torch.manual_seed(seed)
    arguments = ModelArguments(str(folder))
    recipe = Recipe(head=HeadOptions(**{"layers": 2, "dropout": 0.3, **head}))
    return load_model(arguments, load_config(arguments), names, recipe).eval()


def load(folder: Path, names: LabelSet = LABELS) -> PreTrainedModel:
    """Load a trained model, as `finetune`, `evaluate` and `infer` do."""
    arguments = ModelArguments(str(folder))
    return load_model(arguments, load_config(arguments), names).eval()


def compute_logits(model: PreTrainedModel) -> torch.Tensor:
    """The logits of one short text."""
    with torch.inference_mode():
        return model(input_ids=IDS).logits


def find_network(engine: Engine) -> PreTrainedModel:
    """The torch model of an open engine."""
    run = inspect.getclosurevars(engine.loop.run_model).nonlocals["run"]
    return inspect.getclosurevars(run).nonlocals["network"]
