"""Folds: every sentence in one, documents and repeated sentences never divided."""

from collections import Counter

import pytest

from token_classification.auditing.folds import divide_into_folds, group_sentences
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError


def make_sentences(count: int, doc_ids: list[str] | None = None) -> Sentences:
    """Sentences of one to seven words, all of them different."""
    tokens = [
        [f"word{'abcdefghij'[int(digit)]}" for digit in f"{number:0{number % 7 + 1}}"] for number in range(count)
    ]
    return Sentences(tokens, [["O"] * len(words) for words in tokens], list(range(count)), doc_ids)


def test_each_sentence_is_in_one_fold_and_folds_have_about_as_many_words():
    sentences = make_sentences(500)
    folds = divide_into_folds(sentences, 4, 42, "x.conll")
    assert sorted(row for fold in folds for row in fold) == list(range(500))
    assert all(fold == sorted(fold) for fold in folds)
    words = [sum(len(sentences.tokens[row]) for row in fold) for fold in folds]
    assert max(words) - min(words) <= 7
    assert folds == divide_into_folds(sentences, 4, 42, "x.conll")
    assert folds != divide_into_folds(sentences, 4, 43, "x.conll")


def test_a_document_is_never_divided():
    documents = [f"d{number // 9}" for number in range(100)]
    folds = divide_into_folds(make_sentences(100, documents), 3, 42, "x.conll")
    places = Counter(document for fold in folds for document in {documents[row] for row in fold})
    assert set(places.values()) == {1}


def test_sentences_that_say_the_same_stay_together_unless_they_are_short():
    tokens = [
        ["In", "2021", "she", "moved", "to", "Berlin", "."],
        ["Thank", "you", "!"],
        ["IN", "1999", "she", "moved", "to", "Berlin"],
        ["Thank", "you", "!"],
    ]
    assert group_sentences(Sentences(tokens)) == [[0, 2], [1], [3]]


@pytest.mark.parametrize(
    ("sentences", "advice"),
    [
        (make_sentences(3), "3 sentence(s) that differ; accepted: one or more in each fold; type --folds 3"),
        (
            make_sentences(10, ["a"] * 5 + ["b"] * 5),
            "2 document(s); accepted: one or more in each fold; type",
        ),
        (make_sentences(10, ["a"] * 10), "1 document(s); accepted: one or more in each fold; give a file with more"),
    ],
)
def test_too_few_groups_are_refused(sentences, advice):
    with pytest.raises(UserError, match=r"^x\.conll: --folds 5, but the file has ") as error:
        divide_into_folds(sentences, 5, 42, "x.conll")
    assert advice in str(error.value)
