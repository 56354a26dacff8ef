"""What a model takes, and its parts by name."""

import re

import torch
from torch import nn
from transformers import AutoModelForTokenClassification

from token_classification.export.network import LogitsOnly, list_parts, match_part


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
