"""The gate: what a variant is held to, and what the table says of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from types import SimpleNamespace

import pytest

from token_classification.data.sentences import Sentences
from token_classification.errors import OutputError
from token_classification.export import gate as gate_module
from token_classification.export.gate import Gate, GateRow, format_table, open_gate

GOLD = [["B-PER", "O"], ["O"], ["B-LOC", "I-LOC"]]
TEST = Sentences([["Ann", "ran"], ["yes"], ["New", "York"]], GOLD, [1, 4, 6])
ROW = GateRow("torch", f1=0.5, equal_tags=1.0, sentences_per_second=1234.5, latency_p50=1, latency_p95=2, size=90.26)


@dataclass
class StandIn:
    """Stands in for an engine: says these tags, whatever the words, and scores this much."""

    tags: list[list[str]]
    f1: float = 0.5
    backend: str = "onnx-int8"
    calls: list[int] = field(default_factory=list)
    alone: dict[str, list[str]] = field(default_factory=dict)
    """First word of a sentence -> its tags when it is by itself, where they are others"""
    is_broken: bool = False

    def evaluate(self, sentences: Sentences, source: str) -> SimpleNamespace:
        """Return the tags and scores of a split."""
        assert (sentences, source) == (TEST, "test.conll")
        if self.is_broken:
            raise OutputError("outputs are NaN", "use torch")
        return SimpleNamespace(tags=self.tags, metrics={"f1": self.f1})

    def tag(self, tokens: Sequence[Sequence[str]]) -> SimpleNamespace:
        """Tag sentences, and count them."""
        self.calls.append(len(tokens))
        known = {words[0]: tags for words, tags in zip(TEST.tokens, self.tags, strict=False)}
        return SimpleNamespace(tags=[self.alone.get(words[0], known.get(words[0])) for words in tokens])


@pytest.fixture
def gate() -> Gate:
    """A gate that allows half a point."""
    return open_gate(StandIn(GOLD, backend="torch"), TEST, "test.conll", 0.005, 90.26)


@pytest.mark.parametrize(
    ("f1", "passes"), [(0.5, True), (0.9, True), (0.495, True), (0.4949, False), (0.0, False), (float("nan"), False)]
)
def test_a_variant_may_lose_what_is_allowed_and_no_more(gate, f1, passes):
    assert gate.passes(replace(ROW, f1=f1)) is passes


@pytest.mark.parametrize("backend", ["torch", "openvino", "onnx", "onnx-int8"])
def test_a_variant_whose_tags_depend_on_the_batch_does_not_pass(gate, backend, monkeypatch):
    monkeypatch.setattr(gate_module, "LATENCY_SENTENCES", 3)
    row = gate.measure(StandIn(GOLD, backend=backend, alone={"New": ["B-LOC", "O"]}), 1.0)
    assert (row.f1, row.equal_tags, row.same_alone) == (0.5, 1, 4 / 5)
    assert not gate.passes(row)
    line = format_table([row]).splitlines()[1]
    assert line.split()[:4] == [backend, "50.00", "100.000", "80.000"]
    assert line.endswith("tags depend on the batch")


@pytest.mark.parametrize("backend", ["torch-bf16", "openvino-bf16", "openvino-int8"])
def test_what_bf16_rounds_away_is_said_and_passes(gate, backend, monkeypatch, caplog):
    monkeypatch.setattr(gate_module, "LATENCY_SENTENCES", 3)
    row = gate.measure(StandIn(GOLD, backend=backend, alone={"New": ["B-LOC", "O"]}), 1.0)
    assert row.same_alone == 4 / 5
    assert gate.passes(row)
    assert f"{backend}: 20.000 % of the words have another tag" in caplog.text


def test_nan_is_a_row_that_fails_even_where_any_drop_is_allowed(gate):
    allowed = replace(gate, max_f1_drop=1.0)
    row = allowed.measure(StandIn(GOLD, is_broken=True), 1.0, ["classifier"])
    assert not allowed.passes(row)
    assert format_table([row]).splitlines()[1].endswith("outputs are NaN; not quantized: classifier")
    assert json.loads(json.dumps(asdict(row), allow_nan=False))["fault"] == "outputs are NaN"


def test_a_model_that_is_nan_itself_is_no_reference():
    with pytest.raises(OutputError):
        open_gate(StandIn(GOLD, backend="torch", is_broken=True), TEST, "test.conll", 0.005, 90.26)


def test_a_drop_of_nothing_still_lets_the_same_score_pass(gate):
    exact = replace(gate, max_f1_drop=0.0, reference=replace(ROW, f1=0.1 + 0.2))
    assert exact.passes(replace(ROW, f1=0.3))
    assert not exact.passes(replace(ROW, f1=0.29))


def test_the_model_itself_is_the_reference(gate):
    assert (gate.reference.variant, gate.reference.f1, gate.reference.equal_tags) == ("torch", 0.5, 1.0)
    assert gate.reference_tags == GOLD


def test_tags_are_compared_word_by_word_with_those_of_the_model_itself(gate):
    row = gate.measure(StandIn([["B-PER", "O"], ["B-PER"], ["O", "I-LOC"]], f1=0.4), 23.3, ["classifier"])
    assert (row.variant, row.f1, row.size, row.kept) == ("onnx-int8", 0.4, 23.3, ("classifier",))
    assert row.equal_tags == 3 / 5


def test_a_variant_that_answers_with_another_number_of_words_is_no_variant(gate):
    with pytest.raises(ValueError, match="zip"):
        gate.measure(StandIn([["B-PER", "O"], ["O"], ["B-LOC"]]), 1.0)


def test_time_is_taken_after_a_first_round_that_compiles(gate, monkeypatch):
    monkeypatch.setattr(gate_module, "SPEED_ROUNDS", 3)
    variant = StandIn(GOLD)
    row = gate.measure(variant, 1.0)
    assert variant.calls == [1] * 2 * 2 + [3] * (1 + 3)  # 2 sentences by themselves, each twice; all, four times
    assert row.sentences_per_second > 0
    assert 0 < row.latency_p50 <= row.latency_p95


def test_the_slowest_sentences_are_in_the_95th_percentile(gate, monkeypatch):
    def tag_slowly_at_times(engine, tokens) -> tuple[list[list[str]], list[float]]:
        return engine.tag(tokens).tags, [1.0] * 90 + [20.0] * 10

    monkeypatch.setattr(gate_module, "_tag_single_sentences", tag_slowly_at_times)
    row = gate.measure(StandIn(GOLD), 1.0)
    assert (row.latency_p50, row.latency_p95) == (1.0, 20.0)


def test_the_table_has_a_row_for_each_variant():
    kept = replace(ROW, variant="openvino-int8", f1=0.49876, equal_tags=0.98765, kept=("a.dense", "classifier"))
    header, first, second = format_table([ROW, kept]).splitlines()
    names = "variant F1 equal tags same alone sentences/s p50 ms p95 ms MB"
    assert header.split() == names.split()
    assert first.split() == ["torch", "50.00", "100.000", "100.000", "1,234", "1.0", "2.0", "90.3"]
    assert second.split()[:3] == ["openvino-int8", "49.88", "98.765"]
    assert second.endswith("  not quantized: a.dense, classifier")
    assert first.index("50.00") + 5 == header.index("F1") + 2
