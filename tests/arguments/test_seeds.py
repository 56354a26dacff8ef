"""`--seeds`: a count or a list, and what is neither."""

import pytest

from token_classification.arguments.command_line import parse_command_line
from token_classification.arguments.seeds import SeedsArguments
from token_classification.errors import UserError

RUN = ["--model_name_or_path", "m", "--train_file", "t.conll", "--do_train"]


@pytest.mark.parametrize(
    ("typed", "seeds"),
    [
        ([], ()),
        (["--seeds", "3"], (7, 8, 9)),
        (["--seeds", "42", "1", "2"], (42, 1, 2)),
        (["--seeds", "0", "5"], (0, 5)),
    ],
)
def test_one_number_is_a_count_and_several_are_seeds(typed, seeds):
    arguments, _ = parse_command_line([*RUN, "--seed", "7", *typed])
    assert arguments.seeds.list_seeds(arguments.training.seed) == seeds


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ([42], "--seeds 42: one number says how many trainings, accepted are 2 to 20; .* --seed 42"),
        ([1], "--seeds 1: one number says how many"),
        ([1, 2, 1], "a seed is given twice"),
        ([1, -2], "accepted are seeds from 0 to 4294967295"),
    ],
)
def test_other_numbers_are_refused(seeds, message):
    with pytest.raises(UserError, match=message):
        SeedsArguments(seeds)


def test_which_model_is_kept_is_no_question_of_one_training():
    with pytest.raises(UserError, match=r"--keep_model average: .* accepted with --seeds"):
        SeedsArguments(keep_model="average")
    assert SeedsArguments([1, 2]).keeps_best
    assert not SeedsArguments([1, 2], keep_model="average").keeps_best
