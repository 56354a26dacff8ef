"""What is read around a sentence: only of its document, never beyond the window, and owned by nobody."""

from itertools import chain, pairwise

import numpy as np
import pytest
from conftest import SENTENCES
from hypothesis import given, settings
from hypothesis import strategies as st

from token_classification.alignment.align import build_aligner
from token_classification.alignment.context import Passage, number_documents, widen_windows
from token_classification.alignment.windows import plan_windows
from token_classification.alignment.words import SubTokens, cumulate
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences

IOB2 = LabelSet(("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"), Scheme.IOB2)
TOKENS = [words.split() for words, _ in SENTENCES]
TAGS = [tags.split() for _, tags in SENTENCES]
DOC_IDS = ["a", "a", "a", "b", "c", "c", "b", "b"]

documents_of_words = st.lists(st.lists(st.lists(st.integers(1, 9), max_size=20), max_size=5), max_size=4)


@given(documents=documents_of_words, budget=st.integers(1, 60), size=st.integers(0, 30))
@settings(max_examples=500, deadline=None)
def test_a_window_is_filled_with_whole_words_of_its_document(documents, budget, size):
    sentences = [sentence for document in documents for sentence in document]
    numbers = np.array([number for number, document in enumerate(documents) for _ in document], dtype=np.int64)
    flat = np.array([length for sentence in sentences for length in sentence], dtype=np.int64)
    borders = cumulate(np.array([len(sentence) for sentence in sentences], dtype=np.int64))
    sub_tokens = SubTokens(np.arange(flat.sum(), dtype=np.int32), cumulate(flat), borders, 0)
    plan = plan_windows(sub_tokens, budget, 0)
    wide = widen_windows(plan, sub_tokens, numbers, size, budget)

    assert (wide.owned_first == plan.owned_first).all()
    assert (wide.owned_end == plan.owned_end).all()
    starts = sub_tokens.word_starts
    for window, sentence in enumerate(wide.sentence_ids):
        inside = np.flatnonzero(numbers == numbers[sentence])
        first, end = borders[inside[0]], borders[inside[-1] + 1]
        assert first <= wide.first[window] <= plan.first[window]
        assert plan.end[window] <= wide.end[window] <= end
        before = starts[plan.first[window]] - starts[wide.first[window]]
        after = starts[wide.end[window]] - starts[plan.end[window]]
        assert max(before, after) <= size
        taken = starts[wide.end[window]] - starts[wide.first[window]]
        assert taken <= max(budget, starts[plan.end[window]] - starts[plan.first[window]])
        if (plan.first[window], plan.end[window]) != tuple(borders[sentence : sentence + 2]):
            assert before == after == 0
            continue
        # No word more would have fitted: in the window, in what is wanted on a side, or in the document.
        room = budget - taken
        wanted = [size - before, size - after]
        if wide.first[window] > first and wide.end[window] > plan.end[window]:
            longest = max(flat[wide.first[window] - 1], 9)
            assert room < 2 * longest or min(wanted) < longest
        elif wide.first[window] > first and wide.end[window] == end:
            assert flat[wide.first[window] - 1] > min(room, wanted[0])


def test_documents_are_runs_of_a_name():
    assert number_documents(DOC_IDS).tolist() == [0, 0, 0, 1, 2, 2, 3, 3]
    assert number_documents([None, None]).tolist() == [0, 1]
    assert number_documents([]).tolist() == []


@pytest.fixture
def aligner(wordpiece):
    return build_aligner(wordpiece, IOB2, window_length=40, context=64)


def test_only_the_sentence_itself_is_learnt(wordpiece, aligner):
    sentences = Sentences(TOKENS, TAGS, doc_ids=DOC_IDS)
    alone = build_aligner(wordpiece, IOB2, window_length=40).align(sentences).windows
    together = aligner.align(sentences).windows
    assert alone.labels is not None
    assert together.labels is not None
    assert (together.lengths > alone.lengths).tolist() == [name != "b" or row > 3 for row, name in enumerate(DOC_IDS)]
    assert together.lengths.max() <= 40
    assert together.owned_words.tolist() == alone.owned_words.tolist()
    assert together.sentence_ids.tolist() == alone.sentence_ids.tolist()
    for window in range(len(alone)):
        [learnt], [expected] = (
            [row["labels"][row["labels"] != IGNORED_LABEL].tolist()] for row in (together[window], alone[window])
        )
        assert learnt == expected
        owned = slice(*together.owned_starts[window : window + 2])
        first = together.owned_positions[owned][0]
        inner = alone[window]["input_ids"][1:-1]
        assert together[window]["input_ids"][first : first + len(inner)].tolist() == inner.tolist()


def test_without_marks_of_documents_each_sentence_is_alone(wordpiece, aligner):
    alone = build_aligner(wordpiece, IOB2, window_length=40).align(Sentences(TOKENS)).windows
    assert aligner.align(Sentences(TOKENS)).windows.input_ids.tolist() == alone.input_ids.tolist()


def test_passages_are_the_sentences_of_a_split(aligner):
    split = aligner.align(Sentences(TOKENS, doc_ids=DOC_IDS))
    passages = [
        Passage([*chain(*TOKENS[first:row])], TOKENS[row], [*chain(*TOKENS[row + 1 : end])])
        for first, end in [(0, 3), (3, 4), (4, 6), (6, 8)]
        for row in range(first, end)
    ]
    found = aligner.align_passages(passages)
    assert found.sentence_starts.tolist() == split.sentence_starts.tolist()
    assert found.ledger.words == split.ledger.words == found.sentence_starts[-1]
    for name in ("input_ids", "starts", "owned_words", "owned_positions", "owned_starts", "sentence_ids"):
        assert getattr(found.windows, name).tolist() == getattr(split.windows, name).tolist()


@given(st.lists(st.tuples(*[st.lists(st.sampled_from(["Anna", "x" * 30, "\xad"]), max_size=30)] * 3), max_size=4))
@settings(deadline=None)
def test_each_word_of_a_passage_is_owned_once(wordpiece, rows):
    aligner = build_aligner(wordpiece, IOB2, window_length=20, context=8)
    split = aligner.align_passages([Passage(*row) for row in rows])
    assert split.windows.owned_words.tolist() == list(range(sum(len(words) for _, words, _ in rows)))
    assert np.diff(split.sentence_starts).tolist() == [len(words) for _, words, _ in rows]
    for start, end in pairwise(split.windows.starts):
        assert end - start <= 20
