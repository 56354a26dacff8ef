"""Scores: seqeval's own numbers for entities, plain counts for tags, and never a NaN."""

import json
import math
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import metrics as seqeval_metrics
from seqeval import scheme as seqeval_schemes
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from token_classification.data.schemes import Scheme, Tags
from token_classification.scoring.metrics import (
    Scores,
    flatten_scores,
    list_metrics,
    score_plain_tags,
    score_strict_entities,
    score_tags,
    type_scores,
)

ENTITY_SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU]
TYPES = ["PER", "LOC", "AB-B-"]
OVERALL = ["overall_precision", "overall_recall", "overall_f1"]
STRICT = ["strict_precision", "strict_recall", "strict_f1"]
SEQEVAL_NAMES = ["precision", "recall", "f1-score", "support"]

Pairs = list[list[tuple[str, str]]]


def tag_pairs(prefixes: str) -> st.SearchStrategy[Pairs]:
    """Sentences of (gold, predicted) tags, mostly illegal ones."""
    tags = st.sampled_from(["O", "O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in TYPES)])
    return st.lists(st.lists(st.tuples(tags, tags), min_size=1, max_size=8), min_size=1, max_size=5)


def split_pairs(pairs: Pairs) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags."""
    return [[gold for gold, _ in sentence] for sentence in pairs], [
        [predicted for _, predicted in sentence] for sentence in pairs
    ]


def check_against_seqeval(pairs: Pairs, scheme: Scheme, seqeval_scheme: type) -> None:
    """Compare every number with seqeval's report of each mode, to the last bit."""
    gold, predicted = split_pairs(pairs)
    scores = score_tags(gold, predicted, scheme)
    check_report(scores, gold, predicted)
    strict = score_strict_entities(gold, predicted, scheme)
    check_report(strict, gold, predicted, mode="strict", scheme=seqeval_scheme)
    assert [scores[name] for name in STRICT] == [strict[name] for name in OVERALL]


def check_report(scores: Scores, gold: Tags, predicted: Tags, **mode) -> None:
    """Scores beside `classification_report`, which fails where neither side has an entity."""
    assert scores["overall_accuracy"] == seqeval_metrics.accuracy_score(gold, predicted)
    if not type_scores(scores):
        functions = (seqeval_metrics.precision_score, seqeval_metrics.recall_score, seqeval_metrics.f1_score)
        seen = [float(function(gold, predicted, zero_division=0, **mode)) for function in functions]
        assert [scores[name] for name in (*OVERALL, "macro_f1")] == [*seen, 0.0] == [0.0] * 4
        return
    report = seqeval_metrics.classification_report(gold, predicted, output_dict=True, zero_division=0, **mode)
    micro, macro, _ = (report.pop(f"{name} avg") for name in ("micro", "macro", "weighted"))
    assert [scores[name] for name in OVERALL] == [micro[name] for name in SEQEVAL_NAMES[:3]]
    assert scores["macro_f1"] == macro["f1-score"]
    rows = {kind: [row[name] for name in SEQEVAL_NAMES] for kind, row in report.items()}
    assert {kind: list(row.values()) for kind, row in type_scores(scores).items()} == rows


@pytest.mark.filterwarnings("ignore")
@given(tag_pairs("BI"))
@settings(max_examples=50, deadline=None)
def test_iob2_scores_are_those_of_seqeval(pairs: Pairs) -> None:
    check_against_seqeval(pairs, Scheme.IOB2, seqeval_schemes.IOB2)


@pytest.mark.filterwarnings("ignore")
@given(tag_pairs("BI"))
@settings(max_examples=50, deadline=None)
def test_iob1_scores_are_those_of_seqeval(pairs: Pairs) -> None:
    check_against_seqeval(pairs, Scheme.IOB1, seqeval_schemes.IOB1)


@pytest.mark.filterwarnings("ignore")
@given(tag_pairs("BIES"))
@settings(max_examples=50, deadline=None)
def test_iobes_scores_are_those_of_seqeval(pairs: Pairs) -> None:
    check_against_seqeval(pairs, Scheme.IOBES, seqeval_schemes.IOBES)


@given(tag_pairs("BIES"))
@settings(max_examples=50, deadline=None)
def test_bilou_scores_are_those_of_the_same_tags_in_iobes(pairs: Pairs) -> None:
    respelt = str.maketrans({"E": "L", "S": "U"})
    as_bilou = [[tuple(tag[0].translate(respelt) + tag[1:] for tag in pair) for pair in pairs_] for pairs_ in pairs]
    gold, predicted = split_pairs(pairs)
    gold_bilou, predicted_bilou = split_pairs(as_bilou)
    assert score_tags(gold_bilou, predicted_bilou, Scheme.BILOU) == score_tags(gold, predicted, Scheme.IOBES)


def test_neighbouring_bilou_entities_are_three() -> None:
    gold = [["U-LOC", "U-LOC", "B-LOC", "L-LOC", "O"]]
    assert score_tags(gold, gold, Scheme.BILOU)["LOC"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 3}


def test_an_illegal_start_counts_as_conlleval_does_but_not_strictly() -> None:
    scores = score_tags([["B-PER", "I-PER"]], [["I-PER", "I-PER"]], Scheme.IOB2)
    assert (scores["overall_f1"], scores["strict_f1"]) == (1.0, 0.0)
    assert scores["overall_accuracy"] == 0.5


def test_one_of_two_entities() -> None:
    gold = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"]]
    predicted = [["B-PER", "I-PER", "O"], ["B-LOC", "I-LOC", "O"]]
    scores = score_tags(gold, predicted, Scheme.IOB2)
    assert [scores[name] for name in OVERALL + STRICT] == [0.5] * 6
    assert scores["PER"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 1}
    assert scores["LOC"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 1}
    assert scores["macro_f1"] == 0.5
    assert scores["overall_accuracy"] == pytest.approx(4 / 6)


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
@pytest.mark.filterwarnings("error")
def test_no_entity_on_either_side_gives_zeros(scheme: Scheme) -> None:
    scores = score_tags([["O", "O"], ["O"]], [["O", "O"], ["O"]], scheme)
    assert [scores[name] for name in [*OVERALL, *STRICT, "macro_f1"]] == [0.0] * 7
    assert scores["overall_accuracy"] == 1.0
    assert type_scores(scores) == {}


@pytest.mark.parametrize("scheme", list(Scheme))
def test_sentences_without_words_give_zeros(scheme: Scheme) -> None:
    scores = score_tags([[], []], [[], []], scheme)
    assert scores["overall_accuracy"] == scores["overall_f1"] == 0.0


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
@pytest.mark.parametrize(
    ("gold", "predicted"),
    [(["O", "O"], ["S-PER", "O"]), (["B-PER", "I-PER"], ["O", "O"]), (["I-PER", "O"], ["I-PER", "O"]), (["O"], ["O"])],
)
def test_results_are_plain_numbers_and_never_nan(scheme: Scheme, gold: list[str], predicted: list[str]) -> None:
    scores = score_tags([gold], [predicted], scheme)
    text = json.dumps(scores, allow_nan=False)
    assert json.loads(text) == scores
    flat = flatten_scores(scores, with_types=True)
    assert all(type(value) in (int, float) and math.isfinite(value) for value in flat.values())


def test_a_type_only_in_the_predictions_lowers_precision() -> None:
    scores = score_tags([["B-PER", "O"]], [["B-PER", "B-LOC"]], Scheme.IOB2)
    assert scores["LOC"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 0}
    assert [scores[name] for name in OVERALL] == pytest.approx([0.5, 1.0, 2 / 3])
    assert scores["macro_f1"] == 0.5


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
@pytest.mark.parametrize(
    "predicted", [["U-PER", "L-PER"], ["E-PER", "S-PER"], ["PER", "LOC"], ["B-", "I"], ["X-Y", "B_PER"]]
)
@pytest.mark.filterwarnings("error")
def test_tags_of_another_scheme_in_the_predictions_are_scored_as_they_are(
    scheme: Scheme, predicted: list[str]
) -> None:
    end = {Scheme.IOBES: "E", Scheme.BILOU: "L"}.get(scheme, "I")
    gold = ["I-PER" if scheme == Scheme.IOB1 else "B-PER", f"{end}-PER"]
    scores = score_tags([gold, gold], [gold, predicted], scheme)
    assert scores["strict_recall"] == 0.5
    assert scores["PER"]["number"] == 2
    assert scores["overall_accuracy"] < 1


def test_a_missing_prediction_is_refused() -> None:
    for scheme in (Scheme.IOB2, Scheme.PLAIN):
        with pytest.raises(ValueError, match="shorter"):
            score_tags([["B-PER", "O"]], [["B-PER"]], scheme)


plain_tags = st.sampled_from(["NOUN", "VERB", "X", "B-NOUN", "O", "PUNCT"])


@given(st.lists(st.lists(st.tuples(plain_tags, plain_tags), min_size=1, max_size=9), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_plain_tags_are_scored_as_sklearn_does(pairs: Pairs) -> None:
    gold, predicted = split_pairs(pairs)
    scores = score_tags(gold, predicted, Scheme.PLAIN)
    flat_gold, flat_predicted = list(chain(*gold)), list(chain(*predicted))
    names = sorted({*flat_gold, *flat_predicted})
    columns = precision_recall_fscore_support(flat_gold, flat_predicted, labels=names, zero_division=0)
    assert sorted(type_scores(scores)) == names
    for name, *row in zip(names, *columns, strict=True):
        assert list(scores[name].values()) == pytest.approx([float(value) for value in row])
    accuracy = accuracy_score(flat_gold, flat_predicted)
    assert [scores[name] for name in [*OVERALL, "overall_accuracy"]] == pytest.approx([accuracy] * 4)
    expected = f1_score(flat_gold, flat_predicted, labels=names, average="macro", zero_division=0)
    assert scores["macro_f1"] == pytest.approx(expected)
    assert "strict_f1" not in scores


def test_plain_names_are_not_cut() -> None:
    scores = score_plain_tags([["NOUN", "LOC", "PROPN"]], [["NOUN", "LOC", "VERB"]])
    assert set(type_scores(scores)) == {"NOUN", "LOC", "PROPN", "VERB"}
    json.dumps(scores, allow_nan=False)


def test_result_names() -> None:
    scores = score_tags([["B-PER", "O"]], [["B-PER", "O"]], Scheme.IOB2)
    overall = ["precision", "recall", "f1", "accuracy", "macro_f1", "strict_precision", "strict_recall", "strict_f1"]
    assert list(flatten_scores(scores, with_types=False)) == overall
    flat = flatten_scores(scores, with_types=True)
    assert set(flat) == {
        *overall,
        *OVERALL,
        "overall_accuracy",
        "PER_precision",
        "PER_recall",
        "PER_f1",
        "PER_number",
    }
    assert (flat["PER_number"], flat["overall_f1"], flat["f1"]) == (1, 1.0, 1.0)


@pytest.mark.parametrize("scheme", [*ENTITY_SCHEMES, Scheme.PLAIN])
@pytest.mark.parametrize("with_types", [False, True])
@pytest.mark.parametrize("gold", [[["O", "B-PER", "B-LOC"]], [["O", "B", "I"]]])
def test_the_names_of_the_scores_are_known_before_there_are_any(scheme: Scheme, with_types: bool, gold: Tags) -> None:
    scores = flatten_scores(score_tags(gold, gold, scheme), with_types)
    assert set(list_metrics(gold, scheme, with_types)) == {*scores, "loss"}
