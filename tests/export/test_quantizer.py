"""How far two models' tags are from each other, and what is drawn to calibrate with."""

from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.sentences import Sentences
from token_classification.export.quantizer import CALIBRATION_SENTENCES, draw_calibration, measure_distance
from token_classification.inference.engine import WordTags

WORDS = st.lists(st.tuples(st.sampled_from(["O", "B-PER"]), st.floats(0, 1)), min_size=1, max_size=8)


def build_tags(rows: list[tuple[str, float]]) -> WordTags:
    """One sentence of tags and probabilities."""
    return WordTags([[tag for tag, _ in rows]], [[score for _, score in rows]])


@given(WORDS, st.data())
def test_a_distance_is_one(rows, data):
    other = data.draw(st.lists(st.sampled_from(rows), min_size=len(rows), max_size=len(rows)))
    one, two = build_tags(rows), build_tags(other)
    assert measure_distance(one, one) == 0
    assert measure_distance(one, two) == measure_distance(two, one)
    assert 0 <= measure_distance(one, two) <= 1


def test_another_tag_counts_more_than_another_probability():
    reference = build_tags([("O", 0.9), ("O", 0.9)])
    assert measure_distance(reference, build_tags([("B-PER", 0.9), ("O", 0.9)])) == 0.5
    assert measure_distance(reference, build_tags([("O", 0.5), ("O", 0.9)])) == 0.2


def test_the_same_sentences_are_drawn_each_time():
    sentences = Sentences([[str(number)] if number % 2 else [] for number in range(2 * CALIBRATION_SENTENCES + 20)])
    drawn = draw_calibration(sentences)
    assert drawn == draw_calibration(sentences)
    assert len(drawn) == CALIBRATION_SENTENCES
    assert all(drawn)
    assert len(draw_calibration(Sentences([["a"], []]))) == 1
