"""Messages of the engine in the words of a command with flags of its own."""

import logging

import pytest

from token_classification.commands.wording import COMMON_WORDS, replace_flags, rewording, speaking
from token_classification.errors import RejectedError, UserError

WORDS = {"--test_file": "--file", "--quantize": "quantize", ", or --overwrite": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("give --test_file FILE", "give --file FILE"),
        ("--quantize int8 needs", "quantize=int8 needs"),
        ("--quantize int3: accepted are", "quantize=int3: accepted are"),
        ("--quantize what you like", "quantize what you like"),
        ("another --test_files, or --overwrite", "another --test_files"),
        ("python run_ner.py --test_file FILE", "python run_ner.py --test_file FILE"),
        ("nothing to replace", "nothing to replace"),
    ],
)
def test_flags_become_what_is_typed_here(text, expected):
    assert replace_flags(text, WORDS) == expected


@pytest.mark.parametrize("kind", [UserError, RejectedError])
def test_errors_keep_their_kind(kind):
    with pytest.raises(kind, match=r"^give --file FILE$"), rewording(WORDS):
        raise kind("give --test_file FILE")


def test_a_run_that_would_replace_files_advises_what_can_be_typed():
    message = "give another --output_dir, or --overwrite_output_dir to write over it"
    assert replace_flags(message, COMMON_WORDS) == "give another -r"


def test_log_lines_go_to_stderr_in_the_words_of_the_command(capsys):
    logger = logging.getLogger("token_classification.export")
    with speaking(WORDS):
        logger.info("scored with --test_file FILE")
    logger.info("not said any more")
    assert capsys.readouterr() == ("", "scored with --file FILE\n")
