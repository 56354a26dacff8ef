"""Random Unicode texts over each protocol: spans are those of `Predictor`; benchmarks/serve_equal.py takes 10,000."""

import unicodedata

import huggingface_hub
import pytest
import serve_equal

TEXTS = serve_equal.make_texts(200, seed=1)


def test_the_texts_have_what_breaks_offsets():
    everything = "".join(TEXTS)
    assert max(everything) > "\uffff"
    assert {unicodedata.category(character) for character in everything} >= {"Cc", "Cf", "Cs", "Lo", "Mn", "Zs"}
    assert {unicodedata.bidirectional(character) for character in everything} >= {"R", "AL", "RLO", "RLE"}
    assert "" in TEXTS
    assert any(text[:1].isspace() and text[-1:].isspace() for text in TEXTS)
    assert max(map(len, TEXTS)) > 2000


@pytest.mark.parametrize("protocol", list(serve_equal.PROTOCOLS))
def test_spans_are_those_of_the_predictor(address, predictor, monkeypatch, protocol):
    if protocol == "Open Inference":
        pytest.importorskip("tritonclient.http", reason="a client of the protocol, see requirements-test.txt")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    expected = [serve_equal.list_spans(text, found) for text, found in zip(TEXTS, predictor(TEXTS), strict=True)]
    found = serve_equal.ask_all(serve_equal.PROTOCOLS[protocol], address, TEXTS, clients=4)
    differing, farthest = serve_equal.compare(found, expected)
    assert differing == 0
    assert farthest < 1e-5
    assert sum(map(len, expected)) > 1000


def test_a_difference_is_noticed():
    one, other = (0, 4, "PER", 0.5), (0, 4, "LOC", 0.5)
    assert serve_equal.compare([[one], []], [[one], []]) == (0, 0.0)
    assert serve_equal.compare([[one]], [[(*one[:3], 0.75)]]) == (0, 0.25)
    assert serve_equal.compare([[one]], [[other]])[0] == 2
    assert serve_equal.compare([[]], [[other]])[0] == 1
