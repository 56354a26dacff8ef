"""Which parts int8 leaves out, how far two models' tags are from each other, and what is drawn to calibrate with."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.sentences import Sentences
from token_classification.export.quantizer import CALIBRATION_SENTENCES, Quantizer, draw_calibration, measure_distance
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


PARTS = ["a", "b", "c", "d", "e"]


@pytest.fixture
def tried(monkeypatch) -> list[tuple[str, ...]]:
    """What was kept in each model that was built; to rank is to sort by name, the last first."""
    attempts = []

    def build(self, name: str, kept, tokens) -> Path:
        attempts.append(tuple(kept))
        return self.exact.parent / name

    monkeypatch.setattr(Quantizer, "build", build)
    monkeypatch.setattr(Quantizer, "rank", lambda self, quantized: sorted(self.parts, reverse=True))
    return attempts


class GateStandIn:
    """Lets a model pass that keeps so many parts."""

    reference = SimpleNamespace(f1=0.9)

    def __init__(self, needed: int) -> None:
        self.needed = needed

    def measure_folder(self, folder: Path, kept=()) -> SimpleNamespace:
        """Return a row that says what was kept."""
        return SimpleNamespace(f1=0.1, kept=tuple(kept))

    def passes(self, row: SimpleNamespace) -> bool:
        """Return whether it was enough."""
        return len(row.kept) >= self.needed


@pytest.mark.parametrize(
    ("needed", "kept"),
    [
        (0, [()]),
        (1, [(), ("e",)]),
        (3, [(), ("e",), ("e", "d"), ("e", "d", "c")]),
        (5, [(), ("e",), ("e", "d"), ("e", "d", "c")]),
    ],
)
def test_one_part_more_is_kept_until_the_gate_is_content(tried, needed, kept):
    quantizer = Quantizer(Path("work/openvino"), "openvino-int8", None, PARTS, [["a"]], None)
    folder, rows = quantizer.quantize_for(GateStandIn(needed))
    assert tried == kept
    assert [row.kept for row in rows] == kept
    assert folder == Path("work") / ("int8" if len(kept) == 1 else f"int8-{len(kept) - 1}")


def test_without_ranking_there_is_one_attempt(tried):
    quantizer = Quantizer(Path("work/openvino"), "openvino-int8", None, PARTS, [["a"]], None)
    assert len(quantizer.quantize_for(GateStandIn(2), ranks=False)[1]) == 1
    assert tried == [()]


def test_the_part_that_brings_the_model_nearest_to_float32_ranks_first(monkeypatch):
    certainty = {"openvino": 0.9, "a": 0.5, "b": 0.85, "c": 0.7}
    monkeypatch.setattr(Quantizer, "build", lambda self, name, kept, tokens: Path(*kept))
    monkeypatch.setattr(
        "token_classification.export.quantizer.open_engine",
        lambda folder: SimpleNamespace(tag=lambda tokens: build_tags([("O", certainty[folder.name])])),
    )
    quantizer = Quantizer(Path("work/openvino"), "openvino-int8", None, ["a", "b", "c"], [["word"]], None)
    assert quantizer.rank(Path("work/int8")) == ["b", "c", "a"]
