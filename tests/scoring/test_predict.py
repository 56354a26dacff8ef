"""The prediction loop: every word once, in order, whatever the windows, batches and processes; small in memory."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, build_wordpiece
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import predict_with_oracle

from token_classification.alignment.align import build_aligner
from token_classification.data.formats import read_sentences
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.modeling.tokenizer import add_prefix_space
from token_classification.scoring.decode import build_viterbi
from token_classification.scoring.evaluate import evaluate_split
from token_classification.scoring.predict import merge_shares, name_predictions

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
IOB2 = LabelSet(NAMES, Scheme.IOB2)
WINDOW = 16

words = st.one_of(
    st.sampled_from(["Anna", "went", "uvwxuvwx", "\x80", "\xad", "\u200b", "\ufeff", "\ue000", "", " ", "\xa0", "☃"]),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=6),
)
tagged_sentences = st.lists(
    st.lists(st.tuples(words, st.sampled_from(NAMES)), max_size=120).map(
        lambda pairs: ([word for word, _ in pairs], [tag for _, tag in pairs])
    ),
    min_size=1,
    max_size=4,
)


@given(pairs=tagged_sentences, token_budget=st.integers(1, 200), pads_left=st.booleans(), stride=st.integers(0, 8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tags_out_are_words_in(any_tokenizer, pairs, token_budget, pads_left, stride):
    add_prefix_space(any_tokenizer)
    gold = [tags for _, tags in pairs]
    sentences = Sentences([tokens for tokens, _ in pairs], gold, list(range(len(pairs))))
    split = build_aligner(any_tokenizer, IOB2, window_length=WINDOW, doc_stride=stride).align(sentences)
    predictions = predict_with_oracle(split, len(NAMES), token_budget=token_budget, pads_left=pads_left)
    assert name_predictions(predictions, NAMES, split.sentence_starts) == gold
    assert (predictions.scores > 0.9).all()


@pytest.mark.parametrize("decoder", [None, build_viterbi(IOB2)], ids=["argmax", "viterbi"])
@pytest.mark.parametrize("processes", [2, 3])
def test_shares_of_several_processes_make_up_the_whole(wordpiece, decoder, processes):
    generator = np.random.default_rng(0)
    tokens = [["Anna"] * int(length) for length in generator.integers(0, 90, size=13)]
    gold = [[NAMES[place] for place in generator.integers(0, 5, size=len(row))] for row in tokens]
    split = build_aligner(wordpiece, IOB2, window_length=WINDOW).align(Sentences(tokens, gold, list(range(13))))
    whole = predict_with_oracle(split, 5, decoder=decoder)
    shares = [predict_with_oracle(split, 5, decoder=decoder, share=(index, processes)) for index in range(processes)]
    held = np.stack([share.label_ids >= 0 for share in shares])
    assert (held.sum(axis=0) == 1).all()
    merged = merge_shares(shares)
    assert merged.label_ids.tolist() == whole.label_ids.tolist()
    assert merged.loss == pytest.approx(whole.loss)
    assert merged.repaired == whole.repaired


@pytest.mark.parametrize("token_budget", [1, 40, 10_000])
def test_viterbi_repairs_sentences_that_span_windows_and_batches(wordpiece, token_budget):
    tokens = [["Anna"] * 70, ["went"] * 3]
    gold = [["O"] * 69 + ["I-PER"], ["B-PER", "I-PER", "O"]]
    split = build_aligner(wordpiece, IOB2, window_length=WINDOW).align(Sentences(tokens, gold, [1, 2]))
    predictions = predict_with_oracle(split, 5, token_budget=token_budget, decoder=build_viterbi(IOB2))
    tags = name_predictions(predictions, NAMES, split.sentence_starts)
    assert predictions.repaired == 1
    assert tags[0][68:] != ["O", "I-PER"]
    assert tags[1] == gold[1]


def test_truncated_words_are_outside_and_missed(wordpiece):
    gold = [["O"] * 20 + ["B-PER"]]
    aligner = build_aligner(wordpiece, IOB2, window_length=WINDOW, long_sentences="truncate")
    split = aligner.align(Sentences([["went"] * 21], gold, [1]))
    results = evaluate_split(predict_with_oracle(split, 5), split, IOB2)
    assert results.tags == [["O"] * 21]
    assert results.types["PER"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 1}


def test_an_entity_behind_the_window_is_found(wordpiece):
    gold = [["O"] * 290 + ["B-PER"] + ["O"] * 9]
    split = build_aligner(wordpiece, IOB2, window_length=128).align(Sentences([["went"] * 300], gold, [1]))
    results = evaluate_split(predict_with_oracle(split, 5), split, IOB2)
    assert len(results.tags[0]) == 300
    assert results.metrics["recall"] == 1.0
    assert results.types["PER"]["number"] == 1


@pytest.mark.real_data
@pytest.mark.parametrize("window_length", [16, 128])
@pytest.mark.parametrize("name", ["wnut17/dev.conll", "germeval2014/dev.tsv", "ud_english_ewt/dev.conllu"])
def test_an_oracle_scores_one_on_real_corpora(real_data, name, window_length):
    sentences = read_sentences(real_data / name, task="pos" if name.endswith("conllu") else "ner")
    names = tuple(sorted({tag for tags in sentences.tags for tag in tags}))
    label_set = LabelSet(names, recognise_scheme(sentences.tags, names))
    split = build_aligner(build_wordpiece(lowercase=True), label_set, window_length=window_length).align(sentences)
    results = evaluate_split(predict_with_oracle(split, len(names), token_budget=4096), split, label_set)
    assert results.metrics["f1"] == 1.0
    assert results.metrics["accuracy"] == 1.0
    assert results.metrics["words"] == sum(map(len, sentences.tokens)) == sum(map(len, results.tags))


@pytest.mark.slow
def test_one_long_sentence_among_short_ones_needs_little_memory():
    script = """
import resource, sys
sys.path[:0] = [{root!r}, {tests!r}]
from conftest import build_wordpiece
from oracle import predict_with_oracle
from token_classification.alignment.align import build_aligner
from token_classification.data.labels import LabelSet
from token_classification.data.sentences import Sentences
label_set = LabelSet(tuple("O") + tuple(f"B-{{i}}" for i in range(24)), "iob2")
aligner = build_aligner(build_wordpiece(True), label_set, window_length=512)
for longest in (10, 510):
    tokens = [["went"] * 10 for _ in range(8_000)] + [["went"] * longest]
    split = aligner.align(Sentences(tokens, [["O"] * len(row) for row in tokens], []))
    predict_with_oracle(split, 25, token_budget=8 * 512)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
""".format(root=str(ROOT), tests=str(ROOT / "tests"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    short, long = map(int, done.stdout.split()[-2:])
    # All logits padded to the longest sentence would be 400 MB.
    assert long - short < 100
