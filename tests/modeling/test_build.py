"""Tokenizer and model: float32, label names in the config, words cut as in running text, also after saving."""

import logging
from pathlib import Path

import pytest
import torch
from conftest import TOKENIZERS
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from token_classification.arguments import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.build import (
    add_prefix_space,
    has_byte_level_words,
    load_config,
    load_model,
    load_tokenizer,
    read_model_labels,
)

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)
WORDS = ["Anna", "went", "to", "London", ",", "didn't", "she", "?"]
BYTE_LEVEL = ["byte-level", "byte-level behind a regex", "roberta"]


def load(folder: Path, label_set: LabelSet = LABELS) -> PreTrainedModel:
    """Load as a run does."""
    arguments = ModelArguments(str(folder))
    return load_model(arguments, load_config(arguments), label_set)


def ids_of_words(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Sub-tokens of the words."""
    return tokenizer(WORDS, is_split_into_words=True, add_special_tokens=False)["input_ids"]


def ids_in_text(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Sub-tokens of the same words inside a text: what stands behind the first sub-tokens, those of `x`."""
    ids = tokenizer("x " + " ".join(WORDS), add_special_tokens=False)["input_ids"]
    return ids[-len(ids_of_words(tokenizer)) :]


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
    with pytest.raises(UserError, match="--model_name_or_path"):
        load(tmp_path)


def test_weights_of_another_shape_are_a_users_mistake(tmp_path: Path, bert_folder: Path) -> None:
    load(bert_folder).save_pretrained(tmp_path)
    arguments = ModelArguments(str(tmp_path))
    config = load_config(arguments)
    config.intermediate_size = 48
    with pytest.raises(UserError, match="--model_name_or_path"):
        load_model(arguments, config, LABELS)


def test_another_config_and_tokenizer_can_be_named(tmp_path: Path, bert_folder: Path, roberta_folder: Path) -> None:
    arguments = ModelArguments(str(tmp_path / "x"), config_name=str(bert_folder), tokenizer_name=str(roberta_folder))
    assert load_config(arguments).model_type == "bert"
    assert has_byte_level_words(load_tokenizer(arguments))


@pytest.fixture(params=BYTE_LEVEL)
def byte_level_folder(request, tmp_path: Path) -> Path:
    """Each byte-level tokenizer, saved as it was made: without prefix space."""
    TOKENIZERS[request.param]().save_pretrained(tmp_path / "made")
    return tmp_path / "made"


def test_byte_level_words_are_cut_as_in_text(byte_level_folder: Path) -> None:
    plain = AutoTokenizer.from_pretrained(byte_level_folder)
    assert ids_of_words(plain) != ids_in_text(plain)
    tokenizer = load_tokenizer(ModelArguments(str(byte_level_folder)))
    assert ids_of_words(tokenizer) == ids_in_text(plain)[-len(ids_of_words(tokenizer)) :]
    assert ids_of_words(tokenizer) == ids_in_text(tokenizer)
    assert "Ġwent" in tokenizer.convert_ids_to_tokens(ids_of_words(tokenizer))


def test_the_saved_tokenizer_cuts_the_same_way(tmp_path: Path, byte_level_folder: Path) -> None:
    tokenizer = load_tokenizer(ModelArguments(str(byte_level_folder)))
    tokenizer.save_pretrained(tmp_path / "saved")
    for again in (
        AutoTokenizer.from_pretrained(tmp_path / "saved"),
        load_tokenizer(ModelArguments(str(tmp_path / "saved"))),
    ):
        assert ids_of_words(again) == ids_of_words(tokenizer)
        assert ids_in_text(again) == ids_in_text(tokenizer)


@pytest.mark.parametrize("kind", BYTE_LEVEL)
def test_adding_the_prefix_space_twice_changes_nothing(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]()
    add_prefix_space(tokenizer)
    once = tokenizer.backend_tokenizer.to_str()
    add_prefix_space(tokenizer)
    assert tokenizer.backend_tokenizer.to_str() == once


@pytest.mark.parametrize("kind", [kind for kind in TOKENIZERS if kind not in BYTE_LEVEL])
def test_other_tokenizers_are_left_alone(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    made = TOKENIZERS[kind]()
    made.save_pretrained(tmp_path)
    assert not has_byte_level_words(made)
    plain, loaded = AutoTokenizer.from_pretrained(tmp_path), load_tokenizer(ModelArguments(str(tmp_path)))
    assert loaded.backend_tokenizer.to_str() == plain.backend_tokenizer.to_str()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
