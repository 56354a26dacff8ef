"""The figures of the splits, and when they are another kind of data."""

from collections import Counter

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files
from token_classification.checking.statistics import compute_divergence

COUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 50), min_size=1)


@given(COUNTS, COUNTS)
def test_divergence_is_that_of_scipy(first, second):
    names = sorted(first | second)
    expected = jensenshannon(*([counts.get(name, 0) for name in names] for counts in (first, second)), base=2) ** 2
    assert compute_divergence(Counter(first), Counter(second)) == pytest.approx(expected, abs=1e-9)


def test_figures_of_the_sample_corpus():
    train, dev, test = examine(
        number_files(read_files([ROOT / "sample" / f"{split}.conll" for split in ("test", "dev", "train")][::-1]))
    ).statistics
    assert (train.split, dev.split, test.split) == ("train", "validation", "test")
    assert (train.sentences, train.words, train.longest) == (1_600, 23_851, 60)
    assert train.mean_length == pytest.approx(23_851 / 1_600)
    assert sum(train.labels.values()) == 1_277 + 836 + 733 + 544
    assert (train.new_words_share, train.drift) == (None, None)
    # The sample's own description: about 9 in 10 distinct names of dev and test are new.
    assert 0.8 < dev.new_mentions_share < 0.95
    assert dev.drift < 0.01


def write(path, pairs):
    path.write_text("".join(f"{words}\n".replace("/", "\t") for words in pairs), encoding="utf-8")
    return path


def test_drift_of_labels_and_lengths(tmp_path):
    train = write(tmp_path / "train.conll", ["Rome/B-LOC\nis/O\n", "Anna/B-PER\nis/O\n"] * 150)
    test = write(tmp_path / "test.conll", ["Anna/B-PER\nand/O\nBob/B-PER\nare/O\n"] * 150)
    (finding,) = [f for f in examine(number_files(read_files([train, test]))).findings if f.kind == "drift"]
    assert [problem.path for problem in finding.problems] == [test, test]
    assert "PER 50% in training and 100% here" in finding.problems[0].text
    assert "have 4 words, those of the training data 2 (medians)" in finding.problems[1].text
