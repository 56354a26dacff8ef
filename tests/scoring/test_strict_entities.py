"""Strict entities of long sentences: cut into pieces, they are those of the whole."""

from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.schemes import Scheme
from token_classification.scoring import strict_entities
from token_classification.scoring.strict_entities import find_strict_entities, list_piece_starts

SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU]
TAGS = st.sampled_from(["O", *(f"{prefix}-{kind}" for prefix in "BIESLU" for kind in ("PER", "LOC")), "B", "I"])


@given(st.lists(st.lists(TAGS, max_size=12), min_size=1, max_size=3), st.sampled_from(SCHEMES))
def test_a_cut_changes_no_entity(sentences: list[list[str]], scheme: Scheme) -> None:
    whole = find_strict_entities(sentences, scheme)
    with mock.patch.object(strict_entities, "SHORTEST_PIECE", 1):
        assert find_strict_entities(sentences, scheme) == whole


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_long_sentence_becomes_short_pieces(scheme: Scheme) -> None:
    starts = list_piece_starts(["O", "B-PER", "I-PER"] * 1_000, scheme)
    assert len(starts) >= 14
    assert max(after - before for before, after in pairwise(starts)) <= 203
