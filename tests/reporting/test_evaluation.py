"""The numbers of a report: those of seqeval and scikit-learn, and sums that fit each other."""

import numpy as np
import pytest
from seqeval.metrics import classification_report as report_entities
from sklearn.metrics import classification_report, confusion_matrix
from tagged_splits import list_corpora, make_sentences, make_split, perturb, read_labelled

from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.reporting.confusion import fill_matrix
from token_classification.reporting.evaluation import Evaluation, LabelledSplit, analyse_split, checksum_gold
from token_classification.scoring.error_classes import ErrorClass
from token_classification.scoring.strict_entities import SEQEVAL_SCHEMES


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """A split of forty sentences with errors of every class."""
    return analyse_split(make_split(train=make_sentences()))


def check_against_libraries(evaluation: Evaluation) -> None:
    """All scores beside those of seqeval (entities) and scikit-learn (words)."""
    split = evaluation.split
    gold, predicted = split.sentences.tags, split.predicted
    flat = [[tag for tags in side for tag in tags] for side in (gold, predicted)]
    words = classification_report(*flat, output_dict=True, zero_division=0)
    names = ("precision", "recall", "f1-score", "support")
    assert sorted(evaluation.tags) == sorted({*flat[0], *flat[1]})
    for tag, row in evaluation.tags.items():
        assert list(row.values()) == pytest.approx([words[tag][name] for name in names])
    assert evaluation.accuracy.value == pytest.approx(words["accuracy"])
    matrix = fill_matrix(evaluation.tag_names, evaluation.tag_confusions)
    assert (matrix == confusion_matrix(*flat, labels=evaluation.tag_names)).all()
    if split.scheme == Scheme.PLAIN:
        assert evaluation.macro.value == pytest.approx(words["macro avg"]["f1-score"])
        return
    lenient = report_entities(gold, predicted, output_dict=True, zero_division=0)
    rules = SEQEVAL_SCHEMES[split.scheme]
    strict = report_entities(gold, predicted, output_dict=True, zero_division=0, mode="strict", scheme=rules)
    rows = {**evaluation.types, "micro avg": evaluation.micro}
    assert set(rows) == set(lenient) - {"macro avg", "weighted avg"}
    for name, row in rows.items():
        found = [row.precision.value, row.recall.value, row.f1.value, row.gold]
        assert found == pytest.approx([lenient[name][part] for part in names])
    assert evaluation.macro.value == pytest.approx(lenient["macro avg"]["f1-score"])
    found = [evaluation.strict.precision.value, evaluation.strict.recall.value, evaluation.strict.f1.value]
    assert found == pytest.approx([strict["micro avg"][name] for name in names[:3]])


def check_intervals(evaluation: Evaluation) -> None:
    """Every score of the whole split lies inside of its interval."""
    groups = [evaluation.micro, *evaluation.types.values()]
    groups += [row for part in evaluation.slices for row in part.groups.values()]
    groups += [evaluation.strict] if evaluation.strict else []
    scores = [score for row in groups for score in (row.precision, row.recall, row.f1)]
    for score in (*scores, evaluation.macro, evaluation.accuracy):
        assert score.low - 1e-9 <= score.value <= score.high + 1e-9


def check_sums(evaluation: Evaluation) -> None:
    """Error classes and slices count every entity once."""
    total, micro = evaluation.error_totals, evaluation.micro
    matched = micro.gold - total[ErrorClass.MISSED]
    assert sum(total.values()) == micro.gold + total[ErrorClass.SPURIOUS]
    assert matched == sum(total.values()) - total[ErrorClass.MISSED] - total[ErrorClass.SPURIOUS]
    assert matched + total[ErrorClass.SPURIOUS] == micro.predicted
    assert total[ErrorClass.CORRECT] == micro.correct
    for part in evaluation.slices:
        counts = [(row.gold, row.predicted, row.correct) for row in part.groups.values()]
        assert tuple(np.sum(counts, axis=0)) == (micro.gold, micro.predicted, micro.correct), part.name
    wrong = sum(total.values()) - total[ErrorClass.CORRECT]
    assert 0 < sum(confusion.count for confusion in evaluation.confusions) <= wrong


def test_the_scores_are_those_of_seqeval_and_scikit_learn(evaluation: Evaluation) -> None:
    check_against_libraries(evaluation)


def test_the_intervals_cover_the_scores(evaluation: Evaluation) -> None:
    check_intervals(evaluation)


def test_every_entity_is_counted_once(evaluation: Evaluation) -> None:
    check_sums(evaluation)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name", list_corpora())
def test_every_corpus(name: str, real_data) -> None:
    sentences = read_labelled(real_data / name)
    scheme = recognise_scheme(sentences.tags)
    predicted = perturb(sentences.tags)
    evaluation = analyse_split(LabelledSplit("test", name, sentences, predicted, scheme, train=make_sentences()))
    check_against_libraries(evaluation)
    check_intervals(evaluation)
    check_sums(evaluation)


def test_plain_tags_have_scores_of_words_only() -> None:
    sentences = Sentences([["He", "went"], ["to", "Paris"]], [["PRON", "VERB"], ["ADP", "PROPN"]], [1, 4])
    predicted = [["PRON", "VERB"], ["ADP", "NOUN"]]
    evaluation = analyse_split(LabelledSplit("test", "x.conllu", sentences, predicted, Scheme.PLAIN))
    assert evaluation.strict is None
    assert evaluation.micro.f1.value == evaluation.accuracy.value == 0.75
    [confusion] = evaluation.confusions
    assert (confusion.error, confusion.gold, confusion.predicted) == (ErrorClass.TYPE, "PROPN", "NOUN")
    assert confusion.examples == ["Paris"]
    assert [part.name for part in evaluation.slices] == [
        "sentence length",
        "types of the same text in gold",
        "entities of the type in this split",
    ]


def test_a_split_without_entities_has_zeros_and_no_errors() -> None:
    sentences = Sentences([["no", "names"]], [["O", "O"]], [1])
    evaluation = analyse_split(LabelledSplit("test", "x", sentences, [["O", "O"]], Scheme.IOB2))
    assert (evaluation.micro.f1.value, evaluation.macro.value, evaluation.accuracy.value) == (0, 0, 1)
    assert evaluation.confusions == []
    assert sum(evaluation.error_totals.values()) == 0


def test_the_most_frequent_errors_come_first_with_their_examples(evaluation: Evaluation) -> None:
    counts = [confusion.count for confusion in evaluation.confusions]
    assert counts == sorted(counts, reverse=True)
    boundary = next(row for row in evaluation.confusions if row.error == ErrorClass.BOUNDARY)
    assert boundary.gold == boundary.predicted
    assert all(" → " in example for example in boundary.examples)


def test_the_checksum_is_of_words_and_gold_only() -> None:
    first, moved, other = make_sentences(), make_sentences(), make_sentences()
    moved.lines = [line + 7 for line in moved.lines]
    other.tags[0][1] = "O"
    assert checksum_gold(first) == checksum_gold(moved) != checksum_gold(other)
