"""What stands in for a model: a word of a list is a name, and two words of one list in a row are one name."""

from pathlib import Path
from types import SimpleNamespace

from token_classification.data.inputs import hash_file
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.calibration_record import UNCALIBRATED
from token_classification.inference.entities import list_entities
from token_classification.inference.predictor import TaggedText
from token_classification.inference.texts import place_words
from token_classification.redaction.file_layout import find_layout
from token_classification.redaction.redaction_files import RedactionFiles

KEY = "a key of more than 16 characters"
NAMES = {"Anna": "PER", "ANNA": "PER", "Smith": "PER", "Zoë": "PER", "Paris": "LOC", "Ōsaka": "LOC", "Acme": "ORG"}
LABELS = LabelSet(("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"), Scheme.IOB2)


class NameFinder:
    """Has of `Predictor` what `tag_file` needs."""

    engine = SimpleNamespace(
        labels=LABELS, backend="torch", loop=SimpleNamespace(token_budget=1), aligner=SimpleNamespace(context=0)
    )
    calibration = UNCALIBRATED

    def describe_settings(self) -> dict[str, str]:
        return {"threshold": "none"}

    def tag_texts(self, texts) -> list[TaggedText]:
        tagged = []
        for given in texts:
            text, spans, words = place_words(given, "punctuation")
            tags, last = [], None
            for word in words:
                label = NAMES.get(word)
                tags.append("O" if label is None else f"{'I' if label == last else 'B'}-{label}")
                last = label
            tagged.append(TaggedText(text, spans, tags, [1.0] * len(tags)))
        return tagged

    def find_entities(self, tagged: TaggedText):
        return list_entities(tagged.text, tagged.spans, tagged.tags, tagged.scores, Scheme.IOB2, {})


def redact_file(source: Path, folder: Path, naming, *, key=KEY, labels=None, resume=False, finder=None, **reading):
    """Redact a file as the command does, and return the progress."""
    folder.mkdir(exist_ok=True)
    layout = find_layout(str(source), reading.get("input_format"), reading.get("text_column"))
    files = RedactionFiles(layout, naming, labels, key, hash_file(source))
    settings = BulkSettings(str(source), folder, resume=resume, writer=files, **reading)
    return tag_file(finder or NameFinder(), settings, Path(__file__).parent)
