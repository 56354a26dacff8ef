"""What stayed although it should not have, and how surely."""

import pytest
from scipy.stats import binomtest

from token_classification.redaction.leaks import find_interval, list_covered
from token_classification.redaction.redacted_text import NamedSpan


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 100), (3, 50), (50, 50), (480, 1000)])
def test_the_interval_is_that_of_clopper_and_pearson(hits, trials):
    exact = binomtest(hits, trials).proportion_ci(method="exact")
    assert find_interval(hits, trials) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_word_is_covered_if_all_of_it_is_replaced():
    words = [(0, 4), (5, 10), (11, 13), (14, 20)]
    spans = [NamedSpan(0, 10, "PER"), NamedSpan(12, 13, "PER"), NamedSpan(14, 20, "LOC")]
    assert list_covered(words, spans) == [True, True, False, True]
    assert list_covered(words, []) == [False] * 4
