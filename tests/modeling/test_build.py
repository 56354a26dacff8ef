"""The model: float32, label names and scheme in its config, and messages for what can't be loaded."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.label_names import read_model_labels
from token_classification.modeling.tokenizer import has_byte_level_words, load_tokenizer

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)


def load(folder: Path, label_set: LabelSet = LABELS) -> PreTrainedModel:
    """Load as a run does."""
    arguments = ModelArguments(str(folder))
    return load_model(arguments, load_config(arguments), label_set)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_half_precision_checkpoint_is_loaded_in_float32(tmp_path: Path, bert_folder: Path, dtype) -> None:
    load(bert_folder).to(dtype).save_pretrained(tmp_path)
    assert AutoModelForTokenClassification.from_pretrained(tmp_path).dtype == dtype
    model = load(tmp_path)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_an_encoder_gets_a_head_with_a_row_per_label(bert_folder: Path) -> None:
    model = load(bert_folder)
    assert model.classifier.weight.shape[0] == model.num_labels == model.config.num_labels == 4


def test_names_and_scheme_are_saved_and_read_back(tmp_path: Path, bert_folder: Path) -> None:
    load(bert_folder).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert config.id2label == {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC"}
    assert config.label2id == {"O": 0, "B-PER": 1, "I-PER": 2, "B-LOC": 3}
    assert config.tag_scheme == "iob2"
    assert read_model_labels(config) == list(LABELS.names)
    again = load(tmp_path)
    for name, parameter in AutoModelForTokenClassification.from_pretrained(tmp_path).state_dict().items():
        assert torch.equal(parameter, again.state_dict()[name])


def test_a_model_without_names_has_no_labels(bert_folder: Path) -> None:
    assert read_model_labels(load_config(ModelArguments(str(bert_folder)))) is None


def test_a_config_with_a_value_of_a_wrong_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert", "hidden_size": "x"}')
    with pytest.raises(UserError, match="hidden_size"):
        load_config(ModelArguments(str(tmp_path)))


def test_names_are_read_in_the_order_of_their_ids(bert_folder: Path) -> None:
    config = AutoConfig.from_pretrained(bert_folder)
    config.id2label = {2: "LABEL_2", 0: "O", 1: "B-PER"}
    assert read_model_labels(config) == ["O", "B-PER", "LABEL_2"]


@pytest.mark.parametrize("load_part", [load_config, load_tokenizer])
def test_a_missing_model_is_a_users_mistake(tmp_path: Path, load_part) -> None:
    with pytest.raises(UserError, match=r"Accepted: a folder with config\.json") as caught:
        load_part(ModelArguments(str(tmp_path / "nothing")))
    assert "nothing" in str(caught.value)


def test_a_name_that_the_hub_cannot_give_is_a_users_mistake() -> None:
    with pytest.raises(UserError, match="no-such-owner/no-such-model"):
        load_config(ModelArguments("no-such-owner/no-such-model"))


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_a_folder_without_sound_weights_is_a_users_mistake(
    tmp_path: Path, bert_folder: Path, content: bytes | None
) -> None:
    AutoConfig.from_pretrained(bert_folder).save_pretrained(tmp_path)
    if content is not None:
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="model "):
        load(tmp_path)


def test_weights_of_another_shape_are_a_users_mistake(tmp_path: Path, bert_folder: Path) -> None:
    load(bert_folder).save_pretrained(tmp_path)
    arguments = ModelArguments(str(tmp_path))
    config = load_config(arguments)
    config.intermediate_size = 48
    with pytest.raises(UserError, match="model "):
        load_model(arguments, config, LABELS)


def test_another_config_and_tokenizer_can_be_named(tmp_path: Path, bert_folder: Path, roberta_folder: Path) -> None:
    arguments = ModelArguments(str(tmp_path / "x"), config_name=str(bert_folder), tokenizer_name=str(roberta_folder))
    assert load_config(arguments).model_type == "bert"
    assert has_byte_level_words(load_tokenizer(arguments))
