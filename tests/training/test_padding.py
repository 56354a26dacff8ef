"""Models that padding changes: said before they learn, and used as they were trained."""

import json

import pytest
import torch
from conftest import write_sentences
from trainers import make_trainer
from transformers import FNetConfig, FNetForTokenClassification

import run_ner
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine
from token_classification.training.packing.collator import PackingCollator


@pytest.fixture(scope="module")
def fnet_folder(tmp_path_factory, wordpiece):
    """A tiny FNet, which mixes all positions of a row, padding included."""
    folder = tmp_path_factory.mktemp("fnet")
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    config = FNetConfig(vocab_size=len(wordpiece), pad_token_id=0, tpu_short_seq_length=64, **shape)
    FNetForTokenClassification(config).fnet.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


def test_it_is_said_that_padding_changes_what_is_learnt(fnet_folder, tmp_path, caplog):
    trainer = make_trainer(fnet_folder, tmp_path)
    assert not isinstance(trainer.data_collator, PackingCollator)
    assert "Outputs of this model change with padding" in caplog.text
    assert not hasattr(trainer.model.config, "tag_padding")


def test_nothing_is_said_of_single_sentences(fnet_folder, tmp_path, caplog):
    make_trainer(fnet_folder, tmp_path, per_device_train_batch_size=1)
    assert "change with padding" not in caplog.text


def test_a_model_that_padding_does_not_change_is_padded_without_a_word(bert_folder, tmp_path, caplog):
    trainer = make_trainer(bert_folder, tmp_path, pack_windows=False)
    assert not isinstance(trainer.data_collator, PackingCollator)
    assert "change with padding" not in caplog.text


@pytest.mark.parametrize("pads", [False, True])
def test_such_a_model_is_used_as_it_was_trained(pads, fnet_folder, tmp_path, caplog):
    data, out = write_sentences(tmp_path / "eight.conll"), tmp_path / "out"
    arguments = ["--model_name_or_path", fnet_folder, "--train_file", data, "--test_file", data, "--output_dir", out]
    arguments += ["--do_train", "--do_predict", "--use_cpu", "--disable_tqdm", "true", "--report", "false"]
    arguments += ["--pad_to_max_length", str(pads), "--learning_rate", "0.01", "--num_train_epochs", "5"]
    assert run_command(run_ner.main, [*map(str, arguments)]) == 0
    assert json.loads((out / "config.json").read_text()).get("tag_padding", False) is pads
    sentences = read_sentences(data)
    predicted = read_sentences(out / "predictions.conll", "0", "2").tags
    assert len({tag for tags in predicted for tag in tags}) > 1
    for token_budget in (1, 200, 4096):
        engine = open_engine(out, token_budget=token_budget)
        assert engine.tag(sentences.tokens).tags == predicted
        assert [engine.tag([words]).tags[0] for words in sentences.tokens] == predicted
        assert engine.loop.collator.length == (64 if pads else None)


def test_bert_that_was_padded_is_used_without_padding(bert_folder, tmp_path):
    data, out = write_sentences(tmp_path / "eight.conll"), tmp_path / "out"
    arguments = ["--model_name_or_path", bert_folder, "--train_file", data, "--output_dir", out, "--do_train"]
    arguments += ["--use_cpu", "--max_steps", "1", "--disable_tqdm", "true", "--report", "false"]
    arguments += ["--pad_to_max_length"]
    assert run_command(run_ner.main, [*map(str, arguments)]) == 0
    assert "tag_padding" not in json.loads((out / "config.json").read_text())
