"""Whether neighbours belong together: what is measured, when it is held against the data, and what a training does."""

import json
import logging
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig, BertConfig

import run_ner
from token_classification.alignment.coherence import (
    LOWEST_RATIO,
    keep_coherent_context,
    measure_coherence,
    pair_neighbours,
)
from token_classification.alignment.context import number_documents
from token_classification.arguments.decoding import DecodingArguments
from token_classification.data.formats import read_sentences
from token_classification.data.load import Corpus
from token_classification.data.sentences import Sentences
from token_classification.exit_codes import run_command

COMMON = ["he", "she", "went", "to", "moved", "lives", "in", "with", "from", "and", "the", "a"]


def write_documents(count: int, seed: int = 0) -> Sentences:
    """Documents of six sentences; half of the words of each are its own."""
    generator = random.Random(seed)
    tokens = [
        [*generator.choices(COMMON, k=4), *generator.choices([f"topic{document}x{word}" for word in range(6)], k=4)]
        for document in range(count)
        for _ in range(6)
    ]
    doc_ids = [str(document) for document in range(count) for _ in range(6)]
    tags = [["B-PER" if word == "she" else "O" for word in row] for row in tokens]
    return Sentences(tokens, tags, lines=list(range(1, len(tokens) + 1)), doc_ids=doc_ids)


def shuffle_sentences(sentences: Sentences, seed: int = 0) -> Sentences:
    """The sentences in another order; the marks of documents stay where they are."""
    order = list(range(len(sentences)))
    random.Random(seed).shuffle(order)
    rows, tags = [sentences.tokens[row] for row in order], [sentences.gold[row] for row in order]
    return Sentences(rows, tags, lines=sentences.lines, doc_ids=sentences.doc_ids)


def measure(sentences: Sentences):
    assert sentences.doc_ids is not None
    return measure_coherence(sentences.tokens, number_documents(sentences.doc_ids))


@given(st.lists(st.integers(0, 6), max_size=8))
def test_no_sentence_is_in_two_pairs_and_no_pair_in_two_documents(lengths):
    documents = np.repeat(np.arange(len(lengths)), lengths)
    firsts = pair_neighbours(documents)
    assert len({*firsts, *(firsts + 1)}) == 2 * len(firsts) == sum(length // 2 * 2 for length in lengths)
    assert (documents[firsts] == documents[firsts + 1]).all()


def test_what_is_shared_is_counted_as_stated():
    tokens = [["A", "a", "b"], ["a", "b", "b"], ["c", "d"], ["C", "e"], ["a"], ["f"]]
    found = measure_coherence(tokens, np.array([0, 0, 1, 1, 2, 2]))
    assert found is not None
    shared = math.log(6 / 3) + math.log(6 / 2) + math.log(6 / 2)
    # Any first with any second sentence: `a` of the fifth meets that of the second, too.
    at_random = (2 * math.log(6 / 3) + 2 * math.log(6 / 2)) / 3
    assert found.pairs == 3
    assert found.ratio == pytest.approx(shared / at_random)
    assert found.ratio <= found.limit  # six sentences prove nothing
    assert not found.is_missing


def test_documents_are_told_from_shuffled_sentences():
    sentences = write_documents(60)
    found = measure(sentences)
    assert found.ratio > 2
    assert not found.is_missing
    for seed in range(20):
        found = measure(shuffle_sentences(sentences, seed))
        assert 0.8 < found.ratio < LOWEST_RATIO
        assert found.is_missing
    assert measure(sentences) == measure(sentences)


def test_few_sentences_are_no_proof():
    for seed in range(20):
        assert not measure(shuffle_sentences(write_documents(3, seed), seed)).is_missing
    assert measure_coherence([["a"], ["b"]], np.array([0, 0])) is None
    assert measure_coherence([["a"], ["a"]], np.array([0, 1])) is None
    assert measure_coherence([[], []], np.array([0, 0])) is None
    assert measure_coherence([], np.array([], dtype=np.int64)) is None


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["wikigold/wikigold.conll", "ud_english_ewt/dev.conllu", "ud_english_ewt/test.conllu"]
)
def test_public_corpora_are_far_from_the_limit_in_order_and_shuffled(real_data, name):
    sentences = read_sentences(real_data / name)
    assert measure(sentences).ratio > 3
    found = measure(shuffle_sentences(sentences))
    assert 0.85 < found.ratio < 1.15
    assert found.is_missing


@pytest.mark.parametrize(
    ("asked", "recorded", "expected"),
    [("sentences", 0, "none"), (None, 16, "none"), (None, 0, None), ("none", 16, "none")],
)
def test_context_is_dropped_aloud_where_there_would_be_some(asked, recorded, expected, caplog):
    corpus = Corpus({"train": shuffle_sentences(write_documents(60))}, {"train": "train.conll"})
    config = BertConfig(tag_context=recorded)
    settings = DecodingArguments(context=asked, max_seq_length=77)
    assert keep_coherent_context(settings, config, corpus) == DecodingArguments(context=expected, max_seq_length=77)
    assert ("train.conll: sentences that follow" in caplog.text) == (asked != expected)


def test_what_belongs_together_or_is_too_little_to_tell_stays_as_it_was_asked_for(caplog):
    caplog.set_level(logging.INFO)
    settings = DecodingArguments(context="sentences")
    small, unmarked = shuffle_sentences(write_documents(3)), shuffle_sentences(write_documents(60))
    unmarked.doc_ids = None
    for sentences in (small, unmarked):
        corpus = Corpus({"train": sentences}, {"train": "train.conll"})
        assert keep_coherent_context(settings, BertConfig(), corpus) == settings
    assert caplog.text == ""
    corpus = Corpus({"train": write_documents(60)}, {"train": "train.conll"})
    assert keep_coherent_context(settings, BertConfig(), corpus) == settings
    assert "train.conll: sentences that follow each other in a document share" in caplog.text


def write_conll(path: Path, sentences: Sentences) -> Path:
    documents = number_documents(sentences.doc_ids or [])
    lines = []
    for row, (words, tags) in enumerate(zip(sentences.tokens, sentences.gold, strict=True)):
        if row == 0 or documents[row] != documents[row - 1]:
            lines += ["-DOCSTART- O", ""]
        lines += [f"{word} {tag}" for word, tag in zip(words, tags, strict=True)] + [""]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def train_on(tmp_path_factory, bert_folder):
    """Train a little on sentences; gives the output folder."""
    folder = tmp_path_factory.mktemp("runs")

    def train(name: str, sentences: Sentences, *flags: object) -> Path:
        file = write_conll(folder / f"{name}.conll", sentences)
        files = ["--train_file", file, "--validation_file", file, "--test_file", file]
        steps = ["--do_train", "--do_eval", "--do_predict", "--max_steps", 3, "--learning_rate", 4e-3]
        quiet = ["--use_cpu", "--disable_tqdm", "true", "--report", "false", "--no_calibrate"]
        command = ["--model_name_or_path", bert_folder, *files, "--output_dir", folder / name, *steps, *quiet, *flags]
        assert run_command(run_ner.main, list(map(str, command))) == 0
        return folder / name

    return train


def test_a_training_on_shuffled_sentences_is_that_without_context(train_on):
    shuffled = shuffle_sentences(write_documents(60))
    alone = train_on("alone", shuffled, "--context", "none")
    dropped = train_on("dropped", shuffled, "--context", "sentences", "--seeds", 42, 1)
    for file in ("model.safetensors", "predictions.conll"):
        assert (dropped / "seed-42" / file).read_bytes() == (alone / file).read_bytes()
    # The last run, which only evaluates, got the same flags.
    kept = json.loads((dropped / "run.json").read_text())["seed"]
    assert (dropped / "predictions.conll").read_bytes() == (
        dropped / f"seed-{kept}" / "predictions.conll"
    ).read_bytes()
    for folder in (dropped, dropped / "seed-42"):
        assert AutoConfig.from_pretrained(folder).tag_context == 0
        assert json.loads((folder / "run.json").read_text())["data_arguments"]["context"] == "none"


def test_a_training_on_documents_keeps_their_context(train_on):
    folder = train_on("documents", write_documents(60), "--context", "sentences")
    assert AutoConfig.from_pretrained(folder).tag_context == 64
