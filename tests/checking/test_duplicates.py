"""Sentences that come again."""

from checked_splits import check

LONG = "the office in Berlin was closed"
TAGS = "O O O B-LOC O O"


def test_a_sentence_of_two_splits_is_to_leave_the_earlier_one():
    other = ("nobody has ever seen it", "O O O O O")
    found = check(test=[(LONG, TAGS)], train=[other, (LONG, TAGS)], validation=[other])
    assert found == [("leakage", "train", 1), ("leakage", "train", 2)]
    assert check(test=[(LONG, TAGS)], validation=[(LONG, TAGS)]) == [("leakage", "validation", 1)]


def test_short_sentences_come_again_by_themselves():
    assert check(train=[("Thank you !", "O O O")] * 3, test=[("Thank you !", "O O O")]) == []


def test_the_rarer_annotation_is_the_doubtful_one():
    rows = [(LONG, "O O O O O O"), (LONG, TAGS), (LONG, TAGS)]
    assert check(train=rows) == [
        ("conflicting_annotation", "train", 1),
        ("duplicate_sentence", "train", 2),
        ("duplicate_sentence", "train", 3),
    ]


def test_files_whose_split_nobody_knows_are_no_leakage():
    assert check(a=[(LONG, TAGS)], b=[(LONG, TAGS)]) == []
