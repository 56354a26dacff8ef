"""The parts of a model, by name."""

import re

from transformers import AutoModelForTokenClassification

from token_classification.export.network import list_parts, match_part


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
