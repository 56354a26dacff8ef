"""Public corpora hold no error; what the doctor warns of in them was looked at by eye."""

import pytest

from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files

NAMES = {
    "wnut17": ["train.conll", "dev.conll", "test.conll"],
    "germeval2014": ["dev.tsv", "test.tsv"],
    "ud_english_ewt": ["dev.conllu", "test.conllu"],
}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        ("wnut17", {"conflicting_annotation": 14, "odd_word": 2, "drift": 1, "duplicate_sentence": 113}),
        ("germeval2014", {"odd_word": 3, "inconsistent_mention": 3}),
        ("ud_english_ewt", {"leakage": 1, "duplicate_sentence": 29}),
    ],
)
def test_what_is_found_in_public_corpora(real_data, corpus, expected):
    paths = [real_data / corpus / name for name in NAMES[corpus]]
    findings = examine(number_files(read_files(paths))).findings
    assert {finding.kind: len(finding.problems) for finding in findings} == expected
