"""The findings as text for a terminal."""

from checked_splits import examine_odd_words

from token_classification.checking.report_text import format_finding, format_text, list_figures, summarise


def test_ten_places_and_how_many_more():
    examination = examine_odd_words(12)
    lines = format_finding(examination.findings[0]).split("\n")
    assert lines[0].startswith("warning: ")
    assert lines[0].endswith("(odd_word): 12")
    assert lines[1].startswith("  train.jsonl:1: ")
    assert len(lines) == 12
    assert lines[-1] == "  ... and 2 more of this kind"


def test_nothing_in_the_data_reaches_the_terminal_as_a_command():
    text = format_text(examine_odd_words())
    assert "\x1b" not in text
    assert text.endswith("0 errors, 12 warnings, 0 notes")
    assert summarise(examine_odd_words(1)) == "0 errors, 1 warning, 0 notes"


def test_figures_have_a_cell_for_each_split():
    figures = dict(list_figures(examine_odd_words().statistics))
    assert figures["sentences"] == ["12"]
    assert figures["label drift from train"] == ["-"]
    assert figures["  PER"] == ["12 (100.0%)"]
