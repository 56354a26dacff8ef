"""Specs in the words of the engine: encoders from files, heads."""

import pytest

from token_classification.errors import UserError
from token_classification.tao.spec import load_spec
from token_classification.tao.translate import translate_decoding, translate_model, translate_recipe

CONFIG_FILES = {
    "no JSON": (b'{\n"a": 1,\n', ":3:", "not valid JSON"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", ":1:", "not valid JSON"),
    "a list": (b"[1]", ":1:", "no JSON object"),
    "Latin-1": (b'{"a": "\xe9"}', ":1:", "UTF-8"),
    "empty": (b"", ":1:", "config.json"),
}


@pytest.mark.parametrize("kind", CONFIG_FILES)
def test_a_broken_config_of_an_encoder_is_named(kind, tmp_path):
    content, line, words = CONFIG_FILES[kind]
    path = tmp_path / "config.json"
    path.write_bytes(content)
    spec = load_spec("train", None, [f"model.language_model.config_file={path}"], [])
    with pytest.raises(UserError) as error:
        translate_model(spec, tmp_path)
    assert f"{path}{line}" in str(error.value)
    assert words in str(error.value)


def test_what_is_no_vocabulary_of_bert_is_named(tmp_path):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[CLS]\n[SEP]\nword\n")
    spec = load_spec("train", None, [f"model.tokenizer.vocab_file={tmp_path / 'vocab.txt'}"], [])
    with pytest.raises(UserError, match=r"vocab\.txt(.|\n)*lacks \[UNK\]"):
        translate_model(spec, tmp_path)


@pytest.mark.parametrize("dropout", ["1", "2", "-0.1"])
def test_a_dropout_that_leaves_nothing_is_refused(dropout):
    with pytest.raises(UserError, match="fc_dropout"):
        translate_recipe(load_spec("train", None, [f"model.head.fc_dropout={dropout}"], []))


@pytest.mark.parametrize("command", ["train", "finetune", "evaluate", "infer", "export"])
def test_tags_are_chosen_as_the_spec_says(command):
    specs = (load_spec(command, None, overrides, []) for overrides in ([], ["model.decoder=viterbi"]))
    decoders = [translate_decoding(spec).decoder for spec in specs]
    assert decoders == [None, "viterbi"]


def test_an_unknown_decoder_is_refused():
    with pytest.raises(UserError, match=r"model\.decoder=beam: .*argmax.*viterbi"):
        translate_decoding(load_spec("evaluate", None, ["model.decoder=beam"], []))
