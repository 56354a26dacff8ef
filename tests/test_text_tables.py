"""The one layout of tables: columns fit their widest cell, and no cell breaks its row."""

from token_classification.text_tables import format_table


def test_names_are_flush_left_and_numbers_flush_right() -> None:
    rows = [["type", "F1", "gold"], ["PER", "7.50", "1,200"], ["a long name", "100.00", "3"]]
    lines = format_table(rows).split("\n")
    assert lines == [
        "type             F1   gold",
        "PER            7.50  1,200",
        "a long name  100.00      3",
    ]


def test_columns_of_text_are_flush_left_where_asked() -> None:
    assert format_table([["", "train", "learn"], ["", "infer", "tag texts"]], left=(1, 2)) == (
        "  train  learn\n  infer  tag texts"
    )


def test_a_row_that_ends_empty_has_no_blanks_at_its_end() -> None:
    assert format_table([["a", "b"], ["a long name", ""]]).split("\n")[1] == "a long name"


def test_a_cell_can_neither_break_its_row_nor_move_the_cursor() -> None:
    lines = format_table([["B-\x1b[31m\nX", "1"], ["O", "2"]]).split("\n")
    assert len(lines) == 2
    assert "\x1b" not in lines[0]
    assert len(lines[0]) == len(lines[1])
