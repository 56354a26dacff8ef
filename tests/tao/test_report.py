"""NeMo's label-level report, against both tables of the seed's log."""

import ast

import numpy as np
import pytest

from token_classification.tao.report import (
    LabelCounts,
    count_labels,
    describe_unknown_labels,
    format_report,
    format_test_results,
    score_report,
)

NAMES = ["O", "B-GPE", "B-LOC", "B-MISC", "B-ORG", "B-PER", "B-TIME"]
NAMES += ["I-GPE", "I-LOC", "I-MISC", "I-ORG", "I-PER", "I-TIME"]

HEADER = f"\n{'label':50}   {'precision':10}   {'recall':10}   {'f1':10}   {'support':10}\n"
"""Titles are as wide as NeMo's, the last one too"""

SANITY_CHECK = f"""{HEADER}\
O (label_id: 0)                                         82.08     100.00      90.16       2300
B-GPE (label_id: 1)                                      0.00       0.00       0.00         41
B-LOC (label_id: 2)                                      0.00       0.00       0.00        119
B-MISC (label_id: 3)                                     0.00       0.00       0.00          2
B-ORG (label_id: 4)                                      0.00       0.00       0.00         71
B-PER (label_id: 5)                                      0.00       0.00       0.00         62
B-TIME (label_id: 6)                                     0.00       0.00       0.00         56
I-GPE (label_id: 7)                                      0.00       0.00       0.00          4
I-LOC (label_id: 8)                                      0.00       0.00       0.00         18
I-MISC (label_id: 9)                                     0.00       0.00       0.00          0
I-ORG (label_id: 10)                                     0.00       0.00       0.00         52
I-PER (label_id: 11)                                     0.00       0.00       0.00         61
I-TIME (label_id: 12)                                    0.00       0.00       0.00         16
-------------------
micro avg                                               82.08      82.08      82.08       2802
macro avg                                                6.84       8.33       7.51       2802
weighted avg                                            67.38      82.08      74.01       2802
"""
TEST = f"""{HEADER}\
O (label_id: 0)                                         83.89     100.00      91.24      18266
B-GPE (label_id: 1)                                      0.00       0.00       0.00        351
B-LOC (label_id: 2)                                      0.00       0.00       0.00        809
B-MISC (label_id: 3)                                     0.00       0.00       0.00          8
B-ORG (label_id: 4)                                      0.00       0.00       0.00        418
B-PER (label_id: 5)                                      0.00       0.00       0.00        392
B-TIME (label_id: 6)                                     0.00       0.00       0.00        435
I-GPE (label_id: 7)                                      0.00       0.00       0.00          8
I-LOC (label_id: 8)                                      0.00       0.00       0.00        174
I-MISC (label_id: 9)                                     0.00       0.00       0.00          3
I-ORG (label_id: 10)                                     0.00       0.00       0.00        351
I-PER (label_id: 11)                                     0.00       0.00       0.00        414
I-TIME (label_id: 12)                                    0.00       0.00       0.00        146
-------------------
micro avg                                               83.89      83.89      83.89      21775
macro avg                                                6.45       7.69       7.02      21775
weighted avg                                            70.37      83.89      76.53      21775
"""


def count_with_everything_outside(table: str) -> LabelCounts:
    """Words with the supports of a table, all predicted O: what the untrained model of the seed did."""
    supports = [int(row.split()[-1]) for row in table.splitlines() if "label_id" in row]
    gold = [[name] * support for name, support in zip(NAMES, supports, strict=True)]
    return count_labels(gold, [["O"] * len(tags) for tags in gold], NAMES)


@pytest.mark.parametrize("table", [SANITY_CHECK, TEST], ids=["sanity check", "test"])
def test_the_tables_of_the_seed_to_the_byte(table: str) -> None:
    assert format_report(score_report(count_with_everything_outside(table))) == table


def test_the_macro_average_is_the_result_of_the_seed() -> None:
    macro = score_report(count_with_everything_outside(TEST)).macro
    results = {"f1": macro.f1, "precision": macro.precision, "recall": macro.recall, "test_loss": 1.017}
    text = format_test_results(results)
    assert text == (
        f"{'-' * 80}\nDATALOADER:0 TEST RESULTS\n"
        "    {'f1': 7.0182,\n     'precision': 6.4527,\n     'recall': 7.6923,\n     'test_loss': 1.0170}"
    )
    assert ast.literal_eval(text.split("RESULTS\n")[1].strip())["test_loss"] == 1.017


ROUNDED_IN_FLOAT32 = {
    # true positives, false negatives, false positives of three labels -> what NeMo's tensors give where more digits
    # would round the other way
    "weighted recall": ([54, 35, 2], [15, 39, 15], [45, 17, 37], ["42.33 45.77 42.33", "55.20 56.88 54.18"]),
    "macro precision": ([53, 27, 49], [41, 45, 51], [15, 23, 32], ["64.14 47.63 54.61", "64.90 48.50 55.46"]),
    "weighted precision": ([15, 7, 49], [56, 44, 13], [45, 27, 1], ["47.86 37.96 42.29", "48.38 38.59 42.89"]),
}


@pytest.mark.parametrize("case", ROUNDED_IN_FLOAT32)
def test_last_digits_are_those_of_float32(case: str) -> None:
    right, missed, false, expected = ROUNDED_IN_FLOAT32[case]
    counts = LabelCounts(("a", "b", "c"), np.array(right), np.array(false), np.array(missed), {})
    rows = format_report(score_report(counts)).splitlines()[-2:]
    assert [" ".join(row.split()[2:5]) for row in rows] == expected


def test_counts_word_by_word() -> None:
    counts = count_labels([["O", "B-X", "B-X"], ["B-Y"]], [["B-X", "B-X", "O"], ["B-Y"]], ["O", "B-X", "B-Y"])
    assert counts.true_positives.tolist() == [0, 1, 1]
    assert counts.false_positives.tolist() == [1, 1, 0]
    assert counts.false_negatives.tolist() == [1, 1, 0]
    assert describe_unknown_labels(counts) is None


def test_a_gold_label_that_the_model_does_not_know_counts_against_the_predicted_one() -> None:
    counts = count_labels([["B-NEW", "B-NEW", "B-X"]], [["B-X", "O", "B-X"]], ["O", "B-X"])
    assert counts.false_positives.tolist() == [1, 1]
    assert counts.false_negatives.tolist() == [0, 0]
    report = score_report(counts)
    assert report.micro.support == 1
    assert report.labels[1].precision == pytest.approx(50, abs=1e-3)
    note = describe_unknown_labels(counts)
    assert note.startswith("2 words have a label that the model does not know: B-NEW (2).")


def test_a_predicted_tag_that_is_no_label_is_only_a_miss() -> None:
    counts = count_labels([["B-X"]], [["O"]], ["B-X"])
    assert (counts.false_positives.tolist(), counts.false_negatives.tolist()) == ([0], [1])


def test_every_label_has_its_row_and_none_divides_by_zero() -> None:
    report = score_report(count_labels([], [], NAMES))
    assert [row.support for row in report.labels] == [0] * len(NAMES)
    assert {report.micro.f1, report.macro.f1, report.weighted.f1} == {0.0}


def test_sentences_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        count_labels([["O", "O"]], [["O"]], NAMES)
