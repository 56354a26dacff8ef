"""Checkpoints under the names of the Hub."""

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification
from zoo.encoders import build_encoder

from token_classification.errors import UserError
from token_classification.training.survival.weight_names import reading_hub_names


def build_models(name, folder):
    """Two models of an architecture with different weights."""
    folder = build_encoder(name, folder) or folder
    models = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=5)
        for weight in model.parameters():
            torch.nn.init.normal_(weight)
        models.append(model)
    return models


@pytest.mark.parametrize("name", ["nomic_bert", "mixtral"])
def test_what_a_model_saved_is_loaded_into_another_one(name, tmp_path):
    saved, continued = build_models(name, tmp_path / "encoder")
    saved.save_pretrained(tmp_path / "checkpoint-1")
    weights = load_file(tmp_path / "checkpoint-1" / "model.safetensors")
    assert not set(weights) <= set(saved.state_dict())
    with reading_hub_names(continued, "checkpoint-1"):
        continued.load_state_dict(weights, strict=False)
    for (part, left), right in zip(saved.named_parameters(), continued.parameters(), strict=True):
        assert torch.equal(left, right), part


def test_weights_of_another_model_are_refused(tmp_path):
    saved, _ = build_models("nomic_bert", tmp_path / "one")
    _, other = build_models("distilbert", tmp_path / "other")
    with (
        reading_hub_names(other, "checkpoint-1"),
        pytest.raises(UserError, match=r"checkpoint-1 holds weights .* another model"),
    ):
        other.load_state_dict(saved.state_dict(), strict=False)
