"""Viterbi is the default of a training of entities; a model is read as it was trained, whoever reads it."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import write_sentences

import run_ner
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine

QUIET = ["--use_cpu", "--disable_tqdm", "true", "--save_strategy", "no"]


def train(model: Path, data: Path, output: Path, *flags: str) -> Path:
    """Train for one step and evaluate; returns the model's folder."""
    files = ["--train_file", data, "--validation_file", data, "--output_dir", output]
    steps = ["--do_train", "--do_eval", "--max_steps", "1"]
    command = ["--model_name_or_path", model, *files, *steps, *flags, *QUIET]
    assert run_command(run_ner.main, list(map(str, command))) == 0
    return output


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def sentences(tmp_path_factory) -> Path:
    return write_sentences(tmp_path_factory.mktemp("data") / "eight.conll")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bert_folder, sentences) -> Path:
    """A model that was trained without a word about decoders."""
    return train(bert_folder, sentences, tmp_path_factory.mktemp("trained"))


def test_entities_are_decoded_with_viterbi_and_every_reader_of_the_model_learns_it(trained):
    assert read_json(trained / "config.json")["tag_decoder"] == "viterbi"
    assert read_json(trained / "run.json")["data_arguments"]["decoder"] == "viterbi"
    assert "eval_illegal_sequences_repaired" in read_json(trained / "all_results.json")
    assert "(Viterbi)" in (trained / "README.md").read_text()
    assert open_engine(trained).decoder_name == "viterbi"


def test_argmax_is_recorded_and_stays_in_further_trainings(bert_folder, sentences, tmp_path):
    first = train(bert_folder, sentences, tmp_path / "first", "--decoder", "argmax")
    second = train(first, sentences, tmp_path / "second")
    for model in (first, second):
        assert read_json(model / "config.json")["tag_decoder"] == "argmax"
        assert "eval_illegal_sequences_repaired" not in read_json(model / "all_results.json")
        assert open_engine(model).decoder_name == "argmax"


def test_a_model_without_a_record_is_read_by_argmax_until_it_is_trained_again(trained, sentences, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(trained, old)
    config = read_json(old / "config.json")
    del config["tag_decoder"]
    (old / "config.json").write_text(json.dumps(config))
    assert open_engine(old).decoder_name == "argmax"
    command = ["--model_name_or_path", old, "--validation_file", sentences, "--do_eval", "--output_dir"]
    assert run_command(run_ner.main, list(map(str, [*command, tmp_path / "scores", *QUIET]))) == 0
    assert "eval_illegal_sequences_repaired" not in read_json(tmp_path / "scores" / "all_results.json")
    assert open_engine(train(old, sentences, tmp_path / "new")).decoder_name == "viterbi"


def test_tags_that_are_no_entities_have_no_decoder(bert_folder, sentences, tmp_path):
    words = [line.split("\t")[0] for line in sentences.read_text().split("\n")]
    pos = tmp_path / "pos.conll"
    pos.write_text("\n".join(f"{word}\t{'NOUN' if word.istitle() else 'VERB'}" if word else "" for word in words))
    model = train(bert_folder, pos, tmp_path / "model")
    assert "tag_decoder" not in read_json(model / "config.json")
    assert read_json(model / "run.json")["data_arguments"]["decoder"] == "argmax"
    assert open_engine(model).decoder_name == "argmax"
    # ... and once it learns entities, they are decoded like all others.
    assert open_engine(train(model, sentences, tmp_path / "entities")).decoder_name == "viterbi"
