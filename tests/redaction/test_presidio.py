"""presidio's engine, the real one, finds what a model finds."""

import pytest
from conftest import SENTENCES

from token_classification import Predictor

presidio = pytest.importorskip("presidio_analyzer", reason="presidio-analyzer is not installed")

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: E402
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine  # noqa: E402

from token_classification.redaction.presidio import ModelRecognizer  # noqa: E402

TEXT = SENTENCES[0][0]


class NoNlp(NlpEngine):
    """An engine that finds nothing: spaCy's needs a model from the network."""

    def load(self) -> None:
        pass

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text, language):
        return NlpArtifacts([], [], [], [], self, language)

    def process_batch(self, texts, language, batch_size=1, n_process=1, **_):
        return [(text, self.process_text(text, language)) for text in texts]

    def is_stopword(self, word, language):
        return False

    def is_punct(self, word, language):
        return False

    def get_supported_entities(self):
        return []

    def get_supported_languages(self):
        return ["en"]


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


@pytest.fixture(scope="module")
def analyzer(predictor) -> AnalyzerEngine:
    registry = RecognizerRegistry()
    registry.add_recognizer(ModelRecognizer(predictor))
    return AnalyzerEngine(registry=registry, nlp_engine=NoNlp(), supported_languages=["en"])


def test_the_engine_returns_the_entities_under_its_own_names(analyzer, predictor):
    names = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
    expected = sorted((found["start"], found["end"], names[found["label"]]) for found in predictor(TEXT))
    results = analyzer.analyze(TEXT, language="en")
    assert sorted((found.start, found.end, found.entity_type) for found in results) == expected
    assert expected
    scores = {(found["start"], found["end"]): found["score"] for found in predictor(TEXT)}
    assert all(found.score == pytest.approx(scores[found.start, found.end]) for found in results)


def test_only_what_is_asked_for_is_returned_and_explained(analyzer):
    results = analyzer.analyze(TEXT, language="en", entities=["LOCATION"], return_decision_process=True)
    assert {found.entity_type for found in results} == {"LOCATION"}
    assert results[0].analysis_explanation.textual_explanation == "the model tags it as LOC"
    assert results[0].recognition_metadata["recognizer_name"] == "token_classification"
    assert set(analyzer.get_supported_entities("en")) == {"LOCATION", "PERSON"}
