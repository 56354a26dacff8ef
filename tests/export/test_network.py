"""What a model takes, and its parts by name."""

import re

import torch
from torch import nn
from transformers import AutoModelForTokenClassification
from zoo.encoders import build_encoder

from token_classification.export.network import LogitsOnly, list_parts, match_part, use_plain_experts


def test_layers_of_all_blocks_are_one_part(tagger_folder):
    parts = list_parts(AutoModelForTokenClassification.from_pretrained(tagger_folder))
    assert parts[0] == "bert.embeddings.word_embeddings"
    assert parts[-1] == "classifier"
    assert "bert.encoder.layer.*.attention.self.query" in parts
    assert len(parts) == 10


def test_a_part_matches_its_modules_only():
    pattern = match_part("encoder.layer.*.output.dense")
    assert re.fullmatch(pattern, "network.encoder.layer.0.output.dense")
    assert re.fullmatch(pattern, "network.encoder.layer.11.output.dense")
    assert not re.fullmatch(pattern, "network.encoder.layer.0.attention.output.dense")
    assert not re.fullmatch(pattern, "network.encoder.layer.0.output.denser")


class WithoutMask(nn.Module):
    """A model that looks at the sub-tokens only."""

    def forward(self, input_ids):
        """Take no mask."""


class TakesAll(nn.Module):
    """A model that picks what it needs."""

    def forward(self, input_ids, **kwargs):
        """Take whatever comes."""


def test_a_model_gets_the_inputs_that_it_takes(tagger_folder):
    batch = dict.fromkeys(("input_ids", "attention_mask"), torch.ones(1, 3))
    assert list(LogitsOnly(WithoutMask()).pick_inputs(batch)) == ["input_ids"]
    assert LogitsOnly(TakesAll()).pick_inputs(batch) == batch
    assert LogitsOnly(AutoModelForTokenClassification.from_pretrained(tagger_folder)).pick_inputs(batch) == batch


def test_experts_compute_the_same_with_operations_that_converters_know(tmp_path):
    model = AutoModelForTokenClassification.from_pretrained(build_encoder("mixtral", tmp_path), num_labels=4).eval()
    ids = torch.arange(5, 25).view(2, 10)
    with torch.inference_mode():
        before = model(ids).logits
        use_plain_experts(model)
        after = model(ids).logits
    assert model.config._experts_implementation == "batched_mm"
    assert torch.allclose(before, after, atol=1e-5)


def test_a_model_without_experts_stays_as_it_is(tagger_folder):
    model = AutoModelForTokenClassification.from_pretrained(tagger_folder)
    use_plain_experts(model)
    assert model.config._experts_implementation != "batched_mm"
