"""The tables at the end of a run."""

from token_classification.reporting.tables import format_scores

METRICS = {
    "precision": 0.5,
    "recall": 0.25,
    "f1": 1 / 3,
    "accuracy": 0.98765,
    "macro_f1": 0.2,
    "samples": 1234,
    "words": 56789,
}
STRICT = {"strict_precision": 0.4, "strict_recall": 0.3, "strict_f1": 0.34286}
TYPES = {
    "PER": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "number": 1200},
    "a type with a very long name": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 3},
}


def test_the_title_counts_sentences_and_words() -> None:
    assert format_scores("test", METRICS, TYPES).splitlines()[0] == "test: 1,234 sentences, 56,789 words"


def test_every_type_has_a_row_in_percent() -> None:
    rows = [line.split() for line in format_scores("test", METRICS | STRICT, TYPES).splitlines()[1:]]
    assert rows == [
        ["precision", "recall", "F1", "gold"],
        ["PER", "100.00", "50.00", "66.67", "1,200"],
        ["a", "type", "with", "a", "very", "long", "name", "0.00", "0.00", "0.00", "3"],
        ["all", "(micro)", "50.00", "25.00", "33.33", "1,203"],
        ["all", "(macro)", "20.00"],
        ["all", "(strict)", "40.00", "30.00", "34.29"],
        ["word", "accuracy", "98.77"],
    ]


def test_plain_tags_have_no_strict_row() -> None:
    assert "strict" not in format_scores("test", METRICS, TYPES)


def test_columns_stand_below_their_heads() -> None:
    head, *rows = format_scores("test", METRICS | STRICT, TYPES).splitlines()[1:]
    ends = [head.index(name) + len(name) for name in ("precision", "recall", "F1", "gold")]
    for row in rows:
        assert len(row) in ends
        assert row[ends[2] - 1].isdigit()
    assert all(row[end - 1].isdigit() for row in rows[:3] for end in ends)


def test_nothing_found_is_a_table_too() -> None:
    rows = format_scores("test", METRICS, {}).splitlines()
    assert rows[2].split() == ["all", "(micro)", "50.00", "25.00", "33.33", "0"]
