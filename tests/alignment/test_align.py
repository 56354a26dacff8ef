"""A split in windows: what the loss sees, what long sentences become, and what is said of it."""

import time

import pytest
from conftest import build_wordpiece

from token_classification.alignment.align import Ledger, build_aligner, find_continuation_labels
from token_classification.data.formats import read_sentences
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError

IOB2 = LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2)

NOTHING = {"words_windowed": 0, "words_without_sub_tokens": 0, "words_cut": 0, "words_truncated": 0}


@pytest.mark.parametrize(
    ("counts", "said", "is_whole"),
    [
        ({}, [], True),
        ({"words_windowed": 1234}, ["1,234 words", "several windows"], True),
        ({"words_without_sub_tokens": 1}, ["1 word unknown to the tokenizer"], True),
        ({"words_cut": 2}, ["2 words longer than a window"], False),
        ({"words_windowed": 9, "words_truncated": 7}, ["7 words cut off"], False),
    ],
)
def test_a_ledger_in_words(counts: dict[str, int], said: list[str], is_whole: bool) -> None:
    text = Ledger(words=2000, **NOTHING | counts).describe()
    assert [part for part in said if part not in text] == []
    assert ("nothing cut" in text) == is_whole


def test_a_word_longer_than_the_window_keeps_its_first_sub_tokens(wordpiece):
    aligner = build_aligner(wordpiece, IOB2, window_length=6)
    split = aligner.align(Sentences([["a", "x" * 50, "b"]], [["O", "B-PER", "O"]], [1]))
    assert split.ledger.words_cut == 1
    assert sorted(split.windows.owned_words) == [0, 1, 2]
    assert split.windows.lengths.max() == 6


def test_truncation_counts_the_words_it_costs(wordpiece):
    sentences = Sentences([["a"] * 30], [["O"] * 30], [1])
    split = build_aligner(wordpiece, IOB2, window_length=12, long_sentences="truncate").align(sentences)
    assert len(split) == 1
    assert split.ledger.words_truncated == 20


def test_long_sentences_can_be_an_error(wordpiece):
    sentences = Sentences([["a"], ["a"] * 30], [["O"], ["O"] * 30], [1, 3])
    aligner = build_aligner(wordpiece, IOB2, window_length=12, long_sentences="error")
    with pytest.raises(
        DataError, match=r"^a\.conll:3: 30 sub-tokens in the sentence, 10 fit\n.*--long_sentences window"
    ):
        aligner.align(sentences, "a.conll")


def test_labels_stand_on_first_sub_tokens_only(wordpiece):
    split = build_aligner(wordpiece, IOB2, window_length=32).align(
        Sentences([["went", "uvwx"]], [["B-PER", "I-PER"]], [1])
    )
    assert split.windows[0]["labels"].tolist() == [IGNORED_LABEL, 1, 2, *[IGNORED_LABEL] * 3, IGNORED_LABEL]


def test_label_all_tokens_continues_inside_the_entity(wordpiece):
    aligner = build_aligner(wordpiece, IOB2, window_length=32, continuation_labels="inside")
    split = aligner.align(Sentences([["uvwx", "uvwx"]], [["B-PER", "B-NEW"]], [1]))
    labels = split.windows[0]["labels"].tolist()
    assert labels == [IGNORED_LABEL, 1, 2, 2, 2, *[IGNORED_LABEL] * 4, IGNORED_LABEL]


def test_labels_as_nemo_lays_them_out(wordpiece):
    label_set = LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2)
    aligner = build_aligner(
        wordpiece, label_set, window_length=32, continuation_labels="same", special_token_label="O"
    )
    split = aligner.align(Sentences([["went", "uvwx"]], [["O", "B-PER"]], [1]))
    assert split.windows[0]["labels"].tolist() == [0, 0, 1, 1, 1, 1, 0]


def test_label_all_tokens_with_a_cut_word(wordpiece):
    aligner = build_aligner(wordpiece, IOB2, window_length=5, continuation_labels="inside")
    split = aligner.align(Sentences([["uvwxuvwx"]], [["B-PER"]], [1]))
    assert split.windows[0]["labels"].tolist() == [IGNORED_LABEL, 1, 2, 2, IGNORED_LABEL]


def test_continuation_labels_change_the_prefix_only():
    names = ["O", "B-AB-B-", "I-AB-B-", "B-X", "E-Y", "I-Y"]
    assert find_continuation_labels(LabelSet(tuple(names), Scheme.IOB2)).tolist() == [0, 2, 2, 3, 4, 5]


def test_continuation_labels_of_bare_tags():
    assert find_continuation_labels(LabelSet(("B", "I", "O"), Scheme.IOB2)).tolist() == [1, 1, 2]
    assert find_continuation_labels(LabelSet(("B", "I", "O"), Scheme.PLAIN)).tolist() == [0, 1, 2]


def test_an_empty_sentence_has_no_window(wordpiece):
    split = build_aligner(wordpiece, IOB2, window_length=12).align(
        Sentences([[], ["Anna"], []], [[], ["O"], []], [1, 2, 3])
    )
    assert len(split) == 1
    assert split.sentence_starts.tolist() == [0, 0, 1, 1]


@pytest.mark.real_data
def test_aligning_costs_little_more_than_the_bare_tokenizer_call(real_data):
    sentences = read_sentences(real_data / "wnut17" / "train.conll")
    tokenizer = build_wordpiece(lowercase=True)
    label_set = LabelSet(tuple(sorted({tag for tags in sentences.tags for tag in tags})), Scheme.IOB2)
    aligner = build_aligner(tokenizer, label_set, window_length=128)

    def seconds(step) -> float:
        start = time.perf_counter()
        step()
        return time.perf_counter() - start

    pairs = [
        (
            seconds(lambda: aligner.align(sentences)),
            seconds(lambda: tokenizer(sentences.tokens, is_split_into_words=True)),
        )
        for _ in range(5)
    ]
    assert sorted(ours / bare for ours, bare in pairs)[2] <= 1.5
