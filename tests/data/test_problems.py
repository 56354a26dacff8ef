"""Problems, each of a kind, and the error that carries them together with what could be read."""

from pathlib import Path

import pytest

from token_classification.data.problems import BrokenFileError, Kind, Problem, refuse_problems, show, show_argument
from token_classification.data.sentences import Sentences

PROBLEM = Problem(Kind.RAGGED_ROW, Path("a.conll"), 3, "3 columns; accepted: 2; take one out")


def test_a_problem_names_file_and_line():
    assert str(PROBLEM) == "a.conll:3: 3 columns; accepted: 2; take one out"
    assert len(str(Problem(Kind.ODD_TAG, Path("a"), 1, "x" * 10**6))) < 3000


def test_a_kind_is_one_of_those_there_are():
    assert Problem("odd_tag", Path("a"), 1, "").kind is Kind.ODD_TAG
    with pytest.raises(ValueError, match="oddtag"):
        Problem("oddtag", Path("a"), 1, "")


def test_problems_are_raised_with_what_could_be_read():
    sound = Sentences([["a"]], [["O"]], [1])
    assert refuse_problems(sound, []) is sound
    with pytest.raises(BrokenFileError, match=r"a\.conll:3: 3 columns") as caught:
        refuse_problems(sound, [PROBLEM])
    assert (caught.value.sentences, caught.value.problems) == (sound, [PROBLEM])
    with pytest.raises(BrokenFileError) as caught:
        refuse_problems(Sentences([[]], None, [1]), [PROBLEM])
    assert caught.value.sentences is None


def test_texts_are_quoted_as_far_as_a_line_goes():
    assert show("a\tb") == r"'a\tb'"
    assert show("x" * 1000) == "'" + "x" * 80 + "'..."
    assert (show_argument("-1"), show_argument("a\n")) == ("-1", r"'a\n'")
