"""What a tokenizer makes of the words."""

from pathlib import Path

from token_classification.arguments.model import ModelArguments
from token_classification.checking.files import Reading, number_files
from token_classification.checking.sub_tokens import find_tokenizer_problems, find_window
from token_classification.data.sentences import Sentences


def test_words_without_sub_tokens_and_sentences_over_the_window(wordpiece):
    rows = [["went"], ["went", "\x96"], ["went"] * 7, ["uvwx"] * 2]
    data = number_files([Reading(Path("a.jsonl"), "train", Sentences(rows, None, [1, 2, 3, 4]), [])])
    found = list(find_tokenizer_problems(data, wordpiece, window_length=8))
    assert [(problem.kind, problem.line) for problem in found] == [
        ("no_sub_tokens", 2),
        ("long_sentence", 3),
        ("long_sentence", 4),
    ]
    assert "8 sub-tokens, and 6 fit" in found[2].text


def test_the_window_is_that_of_a_run(bert_folder):
    for asked, expected in ((None, 64), (32, 32)):
        assert find_window(ModelArguments(str(bert_folder)), asked)[1] == expected
