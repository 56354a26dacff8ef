"""The best of a stream, each once; and those of them that differ most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.inference.records import Record
from token_classification.inference.shortlist import Candidate, Shortlist, spread_out


def make_candidate(line: int, text: str) -> Candidate:
    return Candidate(Record(line, text, {}), text.encode(), (text,))


@given(
    priorities=st.lists(st.integers(0, 5), max_size=60),
    texts=st.randoms(),
    limit=st.integers(1, 70),
)
def test_it_is_the_head_of_what_sorting_gives(priorities, texts, limit):
    names = [str(texts.randint(0, 10)) for _ in priorities]
    # The same text has the same priority, as it has from a model.
    by_text = dict(zip(names, priorities, strict=True))
    shortlist = Shortlist(limit)
    for line, text in enumerate(names):
        shortlist.offer(make_candidate(line, text), by_text[text])
    firsts = {text: names.index(text) for text in by_text}
    expected = sorted(by_text, key=lambda text: (-by_text[text], firsts[text]))[:limit]
    assert [candidate.record.text for candidate in shortlist.list_candidates()] == expected
    assert [candidate.record.line for candidate in shortlist.list_candidates()] == [firsts[text] for text in expected]


def test_a_text_whose_priority_is_rounded_otherwise_is_still_there_once():
    shortlist = Shortlist(2)
    for line, (text, priority) in enumerate([("a", 0.5), ("a", 0.5000001), ("b", 0.4), ("a", 0.6), ("c", 0.45)]):
        shortlist.offer(make_candidate(line, text), priority)
    assert [candidate.record.text for candidate in shortlist.list_candidates()] == ["a", "c"]


CLUSTERS = np.concatenate([np.random.default_rng(0).normal(place, 0.01, (20, 2)) for place in (5.0, 50.0, 500.0)])


@pytest.mark.parametrize("seed", range(5))
def test_each_cluster_is_represented_and_the_seed_decides(seed):
    chosen = spread_out(CLUSTERS, 3, seed)
    assert {place // 20 for place in chosen} == {0, 1, 2}
    assert spread_out(CLUSTERS, 3, seed) == chosen
    assert len({tuple(spread_out(CLUSTERS, 3, other)) for other in range(5)}) > 1


@given(count=st.integers(1, 30), rows=st.integers(0, 20))
def test_none_is_chosen_twice_even_where_all_are_alike(count, rows):
    chosen = spread_out(np.ones((rows, 3), dtype=np.float32), count, 0)
    assert len(set(chosen)) == len(chosen) == min(count, rows)


def test_what_raises_no_doubt_is_chosen_last():
    vectors = np.array([[0, 0], [0, 0], [3, 4], [0, 0], [4, 3]], dtype=np.float32)
    assert set(spread_out(vectors, 2, 0)) == {2, 4}
