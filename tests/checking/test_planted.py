"""Mistakes planted in the sample corpus are found at their lines, nothing else is, and the repaired copy passes."""

from collections import defaultdict
from pathlib import Path

import pytest
from conftest import ROOT
from planted_corpus import plant_mistakes

from token_classification.checking.doctor import Examination, examine
from token_classification.checking.files import CheckedData, ColumnChoice, number_files, read_files
from token_classification.checking.repair import repair_files

NAMES = ("train.conll", "dev.conll", "test.conll")


def read(folder: Path) -> CheckedData:
    return number_files(read_files([folder / name for name in NAMES]))


def find_places(examination: Examination) -> dict[str, set[tuple[str, int]]]:
    places = defaultdict(set)
    for finding in examination.findings:
        places[finding.kind] |= {(problem.path.name, problem.line) for problem in finding.problems}
    return dict(places)


def test_the_clean_corpus_has_no_problem():
    examination = examine(read(ROOT / "sample"))
    assert examination.findings == []
    assert examination.exit_code == 0


@pytest.mark.parametrize("seed", range(3))
def test_every_planted_mistake_is_found_at_its_line_and_the_repaired_copy_passes(tmp_path, seed):
    expected = plant_mistakes(tmp_path, seed)
    assert sum(map(len, expected.values())) >= 30
    assert len(expected) >= 12
    before = {name: (tmp_path / name).read_bytes() for name in NAMES}
    data = read(tmp_path)
    examination = examine(data)
    assert find_places(examination) == expected
    assert examination.exit_code == 2
    repair = repair_files(data, examination.scheme, tmp_path / "out", ColumnChoice(), discard=True)
    assert repair.examination.exit_code == 0
    assert find_places(examine(read(tmp_path / "out"))).keys() == {"duplicate_sentence"}
    assert before == {name: (tmp_path / name).read_bytes() for name in NAMES}


def test_without_discard_no_word_is_lost_and_what_can_be_is_repaired(tmp_path):
    expected = plant_mistakes(tmp_path)
    data = read(tmp_path)
    repair = repair_files(data, examine(data).scheme, tmp_path / "out", ColumnChoice())
    left = find_places(examine(read(tmp_path / "out")))
    repaired = {"illegal_transition", "mixed_schemes", "near_miss_label", "header_line", "document_start"}
    assert expected.keys() - left.keys() == repaired
    assert len(left["odd_tag"]) == len(expected["odd_tag"]) - 1  # the swapped row
    assert len(left["odd_word"]) == 2  # a lost character, and a blank inside
    assert [sum(counts.values()) for counts in repair.counts] == [8, 3, 6]
    rows_made_readable = 1
    words = sum(len(file.word_ids) for file in data.files) + rows_made_readable
    assert sum(len(file.word_ids) for file in read(tmp_path / "out").files) == words
