"""Bootstrap intervals: the counts behind them, what they cover, and that a seed decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tagged_splits import make_sentences, perturb

from token_classification.data.schemes import Scheme
from token_classification.scoring.error_classes import pair_sentences
from token_classification.scoring.intervals import (
    REPLICATES,
    SentenceCounts,
    count_types,
    draw_samples,
    find_interval,
    resample,
    score_counts,
    score_groups,
    score_macro,
    score_micro,
)
from token_classification.scoring.metrics import score_tags, type_scores

TAG_NAMES = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def check_scores(gold: list[list[str]], predicted: list[list[str]], scheme: Scheme) -> None:
    """Scores are those of seqeval (of plain counts for plain tags), and lie inside their intervals."""
    counts = count_types(pair_sentences(gold, predicted, scheme))
    [samples] = resample([counts])
    expected = score_tags(gold, predicted, scheme)
    rows = dict(zip(counts.groups, score_groups(counts, samples), strict=True))
    types = type_scores(expected)
    assert list(rows) == list(types)
    for name, row in rows.items():
        found = [row.precision.value, row.recall.value, row.f1.value, row.gold]
        assert found == pytest.approx(list(types[name].values()))
    micro, macro = score_micro(counts, samples), score_macro(counts, samples)
    assert micro.f1.value == pytest.approx(expected["overall_f1"])
    assert micro.precision.value == pytest.approx(expected["overall_precision"])
    assert micro.recall.value == pytest.approx(expected["overall_recall"])
    assert macro.value == pytest.approx(expected["macro_f1"])
    scores = [macro, *(score for row in (micro, *rows.values()) for score in (row.precision, row.recall, row.f1))]
    assert all(score.low - 1e-9 <= score.value <= score.high + 1e-9 for score in scores)


@pytest.mark.filterwarnings("ignore")
@given(st.integers(1, 6), st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_scores_are_seqevals_and_inside_their_intervals(times: int, seed: int) -> None:
    gold = make_sentences(times).tags
    check_scores(gold, perturb(gold, seed), Scheme.IOB2)


def test_every_replicate_has_as_many_sentences_as_the_split() -> None:
    weights = np.concatenate(list(draw_samples(7, replicates=130)))
    assert weights.shape == (130, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.min() == 0
    # Each sentence is drawn once on average.
    assert weights.mean(axis=0) == pytest.approx(np.ones(7), abs=0.3)


def test_the_seed_decides_and_the_same_sentences_are_drawn_for_all() -> None:
    gold = make_sentences(4).tags
    counts = count_types(pair_sentences(gold, perturb(gold), Scheme.IOB2))
    first, second = resample([counts, counts])
    assert (first == second).all()
    assert (resample([counts])[0] == first).all()
    assert (resample([counts], seed=1)[0] != first).any()


def test_replicates_are_what_a_loop_over_the_sentences_counts() -> None:
    gold = make_sentences(2).tags
    counts = count_types(pair_sentences(gold, perturb(gold), Scheme.IOB2))
    weights = np.concatenate(list(draw_samples(len(gold), 20))).astype(int)
    by_hand = [sum(row[number] * counts.values[number] for number in range(len(gold))) for row in weights]
    assert (resample([counts], replicates=20)[0] == np.array(by_hand)).all()


def test_a_known_distribution_has_its_known_interval() -> None:
    # 400 sentences of one entity each, half of them found: recall has the standard error sqrt(.25 / 400).
    values = np.zeros((400, 3, 1), dtype=np.int32)
    values[:, 0] = 1
    values[:200, 1:] = 1
    counts = SentenceCounts(("PER",), values)
    recall = score_groups(counts, resample([counts])[0])[0].recall
    assert recall.value == 0.5
    assert (recall.low, recall.high) == pytest.approx((0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.01)


def test_a_type_of_one_sentence_is_not_judged_by_replicates_without_it() -> None:
    values = np.zeros((50, 3, 2), dtype=np.int32)
    values[0, :, 0] = 1
    values[1:, :, 1] = 1
    counts = SentenceCounts(("RARE", "PER"), values)
    [samples] = resample([counts])
    assert (samples[:, 0, 0] == 0).any()
    assert score_groups(counts, samples)[0].f1 == find_interval(1.0, np.ones(REPLICATES))
    assert score_macro(counts, samples).low == 1.0


def test_nothing_at_all_scores_nothing() -> None:
    counts = count_types(pair_sentences([["O"], ["O"]], [["O"], ["O"]], Scheme.IOB2))
    [samples] = resample([counts])
    assert score_micro(counts, samples).f1 == score_macro(counts, samples) == find_interval(0.0, np.zeros(1))
    assert not np.isnan(score_counts(samples)).any()
