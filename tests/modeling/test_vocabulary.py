"""A tokenizer that can't be the model's is refused, wherever a model is opened."""

from pathlib import Path

import pytest
from conftest import configure_tiny_bert, save_tagger, write_sentences
from transformers import BertConfig, PreTrainedConfig, PreTrainedTokenizerBase

from token_classification import cli
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine
from token_classification.modeling.vocabulary import check_vocabulary
from token_classification.story import main


@pytest.fixture
def bare_folder(wordpiece, tmp_path) -> Path:
    """The folder of a tagger that has lost its tokenizer.json."""
    save_tagger(tmp_path / "bare", wordpiece)
    (tmp_path / "bare" / "tokenizer.json").unlink()
    return tmp_path / "bare"


def test_a_folder_without_its_tokenizer_is_refused(bare_folder):
    with pytest.raises(UserError, match=r"knows 5 sub-tokens only.*put its tokenizer\.json"):
        open_engine(bare_folder)


def test_no_training_and_no_check_takes_it(bare_folder, tmp_path, capsys):
    data = str(write_sentences(tmp_path / "train.conll"))
    arguments = ["--model_name_or_path", str(bare_folder), "--train_file", data, "--do_train", "--max_steps", "1"]
    assert run_command(main, [*arguments, "--output_dir", str(tmp_path / "out")]) == 2
    assert "sub-tokens only" in capsys.readouterr().err
    assert run_command(cli.run, ["check", data, "-m", str(bare_folder)]) == 2
    assert "sub-tokens only" in capsys.readouterr().err


def test_sub_tokens_without_an_embedding_are_refused(wordpiece):
    config = configure_tiny_bert(wordpiece)
    check_vocabulary(wordpiece, config, "tagger")
    config.vocab_size -= 1
    with pytest.raises(UserError, match=f"numbers up to {config.vocab_size}, but .* an embedding for"):
        check_vocabulary(wordpiece, config, "tagger")


@pytest.mark.parametrize("extra", [0, 27, 64, 128])
def test_a_table_that_is_filled_up_is_accepted(wordpiece: PreTrainedTokenizerBase, extra):
    check_vocabulary(wordpiece, BertConfig(vocab_size=len(wordpiece) + extra), "tagger")


def test_a_model_without_vocabulary_is_accepted(wordpiece):
    check_vocabulary(wordpiece, PreTrainedConfig(), "characters")
