"""Where sentences and documents begin and end."""

import json
from pathlib import Path

from token_classification.checking.boundaries import find_boundary_problems
from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def check(path: Path) -> list[tuple[str, str, int]]:
    findings = examine(number_files(read_files([path]))).findings
    return [(f.kind, problem.path.name, problem.line) for f in findings for problem in f.problems]


def test_document_starts(tmp_path):
    sound = "-DOCSTART- O\n\na O\n\n-DOCSTART- O\nb O\n"
    cut = "-DOCSTART- O\n\na O\n-DOCSTART- O\nb O\n"
    assert check(write(tmp_path, "a.txt", sound)) == []
    assert check(write(tmp_path, "b.txt", cut)) == [("document_start", "b.txt", 4)]
    record = json.dumps({"tokens": ["-DOCSTART-"], "ner_tags": ["O"]})
    assert check(write(tmp_path, "c.jsonl", record)) == [("document_start", "c.jsonl", 1)]


def test_sentences_without_words_and_files_without_tags(tmp_path):
    records = "".join(json.dumps({"tokens": words}) + "\n" for words in ([], ["a"], []))
    found = list(find_boundary_problems(number_files(read_files([write(tmp_path, "a.jsonl", records)]))))
    assert [(problem.kind, problem.line) for problem in found] == [
        ("no_tags", 1),
        ("empty_sentence", 1),
        ("empty_sentence", 3),
    ]
    assert "'tokens'" in found[0].text
