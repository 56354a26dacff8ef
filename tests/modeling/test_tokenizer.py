"""Words are cut as in running text, also by the tokenizer that was saved and loaded again."""

import logging
from pathlib import Path

import pytest
from conftest import TOKENIZERS
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from token_classification.arguments.model import ModelArguments
from token_classification.modeling.tokenizer import add_prefix_space, has_byte_level_words, load_tokenizer

WORDS = ["Anna", "went", "to", "London", ",", "didn't", "she", "?"]
BYTE_LEVEL = ["byte-level", "byte-level behind a regex", "roberta"]


def ids_of_words(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Sub-tokens of the words."""
    return tokenizer(WORDS, is_split_into_words=True, add_special_tokens=False)["input_ids"]


def ids_in_text(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Sub-tokens of the same words inside a text: what stands behind the first sub-tokens, those of `x`."""
    ids = tokenizer("x " + " ".join(WORDS), add_special_tokens=False)["input_ids"]
    return ids[-len(ids_of_words(tokenizer)) :]


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
