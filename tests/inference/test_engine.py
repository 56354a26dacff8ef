"""The engine: the same tags as evaluate, whatever else is in the batch; backends by name."""

import json
import operator
import random
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from conftest import SENTENCES, TAGGER_NAMES, save_tagger
from transformers import DebertaConfig, DebertaForTokenClassification

import run_ner
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import OutputError, UserError
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine

TOKENS = [words.split() for words, _ in SENTENCES] + [["Anna", "Paris", "\xad", "in"] * 60, []]


def test_tags_are_those_that_evaluate_scores(tagger_folder, engine, conll_file, tmp_path):
    arguments = ["--model_name_or_path", tagger_folder, "--test_file", conll_file, "--output_dir", tmp_path / "out"]
    arguments += ["--do_predict", "--use_cpu", "--disable_tqdm", "true"]
    assert run_command(run_ner.main, [*map(str, arguments)]) == 0
    sentences = read_sentences(conll_file)
    scored = read_sentences(tmp_path / "out" / "predictions.conll", "0", "2").tags
    assert engine.tag(sentences.tokens).tags == scored
    assert len({tag for tags in scored for tag in tags}) > 2
    results = engine.evaluate(sentences)
    assert results.tags == scored
    record = json.loads((tmp_path / "out" / "predict_results.json").read_text())
    assert results.metrics["f1"] == record["predict_f1"]


def test_every_word_has_a_tag_and_a_probability(engine):
    tagged = engine.tag(TOKENS)
    assert [len(tags) for tags in tagged.tags] == [len(scores) for scores in tagged.scores] == [*map(len, TOKENS)]
    assert all(0 < score <= 1 for scores in tagged.scores for score in scores)
    assert {type(score) for scores in tagged.scores for score in scores} == {float}


@pytest.mark.parametrize("token_budget", [1, 100, 10_000])
def test_a_tag_does_not_depend_on_what_else_is_in_the_batch(tagger_folder, engine, token_budget):
    whole = engine.tag(TOKENS)
    order = random.Random(0).sample(range(len(TOKENS)), len(TOKENS))
    shuffled = open_engine(tagger_folder, token_budget=token_budget).tag([TOKENS[row] for row in order])
    for place, row in enumerate(order):
        assert shuffled.tags[place] == whole.tags[row]
        assert shuffled.scores[place] == pytest.approx(whole.scores[row], abs=1e-4)


@pytest.mark.parametrize("keeps_all", [False, True])
def test_sentences_with_the_same_words_are_run_once(engine, keeps_all):
    rows = []

    def note_batch(inputs, places, columns):
        rows.append(len(inputs["input_ids"]))
        return engine.loop.run_model(inputs, places, columns)

    watched = replace(engine, loop=replace(engine.loop, run_model=note_batch))
    distinct = [["Anna", "left"], ["left", "Anna"], [], ["Anna"]]
    watched.tag(distinct)  # whether windows may share a batch is tried
    rows.clear()
    order = [0, 1, 0, 2, 3, 3, 2, 1, 0, *[1] * 50]
    [level] = watched.tag_levels([tuple(distinct[place]) for place in order], keeps_all=keeps_all).values()
    assert sum(rows) == 3  # one has no words
    [expected] = engine.tag_levels(distinct, keeps_all=keeps_all).values()
    assert level.tags == [expected.tags[place] for place in order]
    assert level.scores == [pytest.approx(expected.scores[place], abs=1e-6) for place in order]
    assert len({id(row) for row in level.tags}) == len(order)  # nobody's changes are another's
    if keeps_all:
        starts = np.cumsum([0, *map(len, distinct)])
        rows = [expected.log_probabilities[starts[place] : starts[place + 1]] for place in order]
        assert level.log_probabilities == pytest.approx(np.concatenate(rows), abs=1e-5)


def test_nothing_in_gives_nothing_out(engine):
    assert engine.tag([]).tags == []
    assert engine.tag([[], []]).scores == [[], []]


def test_viterbi_gives_legal_sequences_only(tagger_folder, engine):
    decoded = open_engine(tagger_folder, decoder="viterbi").tag(TOKENS).tags
    steps = [(before, tag) for tags in decoded for before, tag in zip(["O", *tags], tags, strict=False)]
    assert all(before[2:] == tag[2:] for before, tag in steps if tag.startswith("I-"))
    assert decoded != engine.tag(TOKENS).tags


def test_shorter_windows_tag_every_word_too(tagger_folder):
    tagged = open_engine(tagger_folder, max_seq_length=8).tag(TOKENS)
    assert [*map(len, tagged.tags)] == [*map(len, TOKENS)]


def test_the_scheme_is_that_of_the_training(tagger_folder, wordpiece, tmp_path):
    assert open_engine(tagger_folder).label_set.scheme == Scheme.IOB2
    assert open_engine(save_tagger(tmp_path, wordpiece, scheme="iob1")).label_set.scheme == Scheme.IOB1


def test_bf16_is_nearly_the_same(tagger_folder, engine):
    ours = list(chain.from_iterable(open_engine(tagger_folder, "torch-bf16").tag(TOKENS).tags))
    exact = list(chain.from_iterable(engine.tag(TOKENS).tags))
    assert sum(map(operator.eq, ours, exact)) > 0.8 * len(exact)


def test_a_model_that_bf16_can_not_hold_says_so(wordpiece, tmp_path):
    config = DebertaConfig(
        **{"vocab_size": len(wordpiece), "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2},
        **{"intermediate_size": 64, "max_position_embeddings": 64, "id2label": dict(enumerate(TAGGER_NAMES))},
        **{"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    )
    DebertaForTokenClassification(config).save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    with pytest.raises(OutputError, match=r"can't run in bf16 \(.*overflow\); run it with torch in float32"):
        open_engine(tmp_path, "torch-bf16").tag(TOKENS)
    assert open_engine(tmp_path).tag([["Anna"]]).tags != []


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("tensorrt", "accepted are auto, torch, torch-bf16, onnx,"),
        ("openvino-int8", "is not exported, .* --export_format openvino --quantize int8"),
        ("onnx", "--export_format onnx --quantize none"),
    ],
)
def test_a_backend_that_can_not_be_used_says_what_to_type(tagger_folder, backend, expected):
    with pytest.raises(UserError, match=expected):
        open_engine(tagger_folder, backend)


def test_a_model_without_labels_is_refused(bert_folder):
    with pytest.raises(UserError, match="has no label names"):
        open_engine(bert_folder)


def test_sentences_with_unknown_gold_are_scored(engine):
    results = engine.evaluate(Sentences([["Anna"]], [["B-NEW"]], [1]))
    assert results.metrics["recall"] == 0.0
    assert set(results.tags[0]) <= set(TAGGER_NAMES)
