"""A recogniser for presidio-analyzer: its engine finds what a model finds, beside what it finds itself.

from presidio_analyzer import AnalyzerEngine
from token_classification.redaction.presidio import ModelRecognizer

analyzer = AnalyzerEngine()
analyzer.registry.add_recognizer(ModelRecognizer("ner-model"))
"""

from pathlib import Path
from typing import TYPE_CHECKING

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult

from token_classification.data.names.kinds import find_kind
from token_classification.inference.entities import list_entity_labels
from token_classification.inference.predictor import Predictor

if TYPE_CHECKING:
    from presidio_analyzer.nlp_engine import NlpArtifacts

NAME = "token_classification"
"""How the recogniser is called in explanations"""


class ModelRecognizer(LocalRecognizer):
    """Finds the entities of a model; its labels are called what presidio calls them: PER is PERSON, LOC LOCATION."""

    def __init__(self, model: "str | Path | Predictor", supported_language: str = "en") -> None:
        """Open a model.

        Args:
            model: The folder of a trained or exported model, a name on the Hub, or an open `Predictor`, which has a
                backend and a threshold.
            supported_language: The language of the texts that it is asked about.

        Raises:
            UserError: no such model.
        """
        self.predictor = model if isinstance(model, Predictor) else Predictor.from_pretrained(model)
        labels = list_entity_labels(self.predictor.engine.labels)
        super().__init__(
            supported_entities=sorted(set(map(find_kind, labels))),
            name=NAME,
            supported_language=supported_language,
        )

    def load(self) -> None:
        """Do nothing: the model is open already."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: "NlpArtifacts | None" = None
    ) -> list[RecognizerResult]:
        """Find entities.

        Args:
            text: The text.
            entities: What is looked for, as presidio calls it; empty: everything.
            nlp_artifacts: What spaCy found in the text; not looked at.
        """
        results = []
        [tagged] = self.predictor.tag_texts([text])
        for found in self.predictor.find_entities(tagged):
            kind = find_kind(found["label"])
            if entities and kind not in entities:
                continue
            explanation = AnalysisExplanation(
                recognizer=NAME,
                original_score=found["score"],
                textual_explanation=f"the model tags it as {found['label']}",
            )
            metadata = {
                RecognizerResult.RECOGNIZER_NAME_KEY: NAME,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            }
            results.append(RecognizerResult(kind, found["start"], found["end"], found["score"], explanation, metadata))
        return results
