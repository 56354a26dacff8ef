"""The benchmark of label audits: what it plants, how it scores, and that cleanlab gets the same probabilities."""

import random
from collections import Counter
from itertools import pairwise

import label_audit
import pytest
from conftest import SENTENCES, write_sentences

from token_classification.auditing.candidates import Candidate
from token_classification.data.entities import find_entities
from token_classification.data.schemes import Scheme
from token_classification.data.transitions import may_follow
from token_classification.scoring.error_classes import ErrorClass, pair_sentences

GOLD = [tags.split() for _, tags in random.Random(0).choices(SENTENCES, k=300)]
CLASSES = {"type": ErrorClass.TYPE, "dropped": ErrorClass.MISSED, "boundary": ErrorClass.BOUNDARY}


def test_planted_errors_are_all_that_differs():
    tags, planted = label_audit.plant_errors(GOLD, Scheme.IOB2, 0.05, 1)
    assert len(planted) == round(0.05 * sum(len(find_entities(row)) for row in GOLD)) > 20
    counts = Counter(error.kind for error in planted)
    assert max(counts.values()) - min(counts.values()) <= 1
    pairs = pair_sentences(GOLD, tags, Scheme.IOB2)
    found = [(row, pair.error, *pair.place) for row, of_row in enumerate(pairs) for pair in of_row]
    wrong = sorted(one for one in found if one[1] != ErrorClass.CORRECT)
    assert wrong == sorted((error.row, CLASSES[error.kind], error.start, error.end) for error in planted)
    steps = [step for row in tags for step in pairwise(["O", *row])]
    assert all(may_follow(before, tag, Scheme.IOB2) for before, tag in steps)
    assert label_audit.plant_errors(GOLD, Scheme.IOB2, 0.05, 1) == (tags, planted)


def test_a_ranking_is_scored_by_the_errors_that_it_meets():
    planted = [label_audit.Planted(row, 2, 4, "type") for row in range(4)]
    right, wrong = [(row, 3, 5) for row in range(4)], [(row, 4, 5) for row in range(4)]
    assert label_audit.score_ranking(right + wrong, planted) == (1, 1)
    assert label_audit.score_ranking(wrong + right, planted) == (0, 1)
    assert label_audit.score_ranking(wrong + right[:1], planted) == (0, 0.25)
    # One error twice is one error found.
    assert label_audit.score_ranking([(0, 2, 3), (0, 3, 4)], planted) == (0.5, 0.25)


def test_words_of_one_candidate_are_looked_at_once():
    one = Candidate(0, 2, 4, [], [], ErrorClass.MISSED, 0.9, 1)
    places = label_audit.join_words([(0, 3), (0, 0), (0, 2), (1, 2)], [one])
    assert list(places) == [(0, 2, 4), (0, 0, 1), (1, 2, 3)]


def test_all_rankings_are_in_the_table(bert_folder, tmp_path, capsys):
    pytest.importorskip("cleanlab")
    path = write_sentences(tmp_path / "x.conll", random.Random(0).choices(SENTENCES, k=12))
    flags = ["--results", str(tmp_path / "out"), "--folds", "2", "--num_train_epochs", "1", "--share", "0.2"]
    label_audit.main([str(bert_folder), str(path), *flags])
    rows = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert rows[2:] == ["**audit**", *label_audit.MEASURES, *(name for name in rows if name.startswith("cleanlab"))]
    assert len(rows) == 2 + 1 + len(label_audit.MEASURES) + 7
