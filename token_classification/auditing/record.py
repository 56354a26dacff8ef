"""What an audit found, as JSON and as text."""

from collections.abc import Sequence
from typing import Any

from token_classification.auditing.candidates import Candidate
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.entities import Entity
from token_classification.scoring.error_classes import find_scored_entities
from token_classification.text_tables import format_table

NOTHING = "-"


def build_record(file: LabelledFile, settings: FoldSettings, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """Return everything about an audit: `audit.json`, in which decisions can be written, too."""
    return {
        "file": file.source,
        "sha256": file.sha256,
        "encoder": settings.encoder,
        "folds": settings.folds,
        "seed": settings.seed,
        "scheme": file.scheme,
        "sentences": len(file.sentences),
        "entities": sum(len(find_scored_entities(tags, file.scheme)) for tags in file.sentences.gold),
        "candidates": [describe_candidate(file, number, one) for number, one in enumerate(candidates, 1)],
    }


def describe_candidate(file: LabelledFile, number: int, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate as JSON; `entities` is what takes the place of its label if the decision is `edit`."""
    return {
        "number": number,
        "line": file.sentences.find_line(candidate.row, candidate.start),
        "sentence": candidate.row,
        "start": candidate.start,
        "end": candidate.end,
        "words": file.sentences.tokens[candidate.row][candidate.start : candidate.end],
        "label": [entity._asdict() for entity in candidate.labelled],
        "suggestion": [entity._asdict() for entity in candidate.suggested],
        "kind": candidate.kind,
        "score": round(candidate.score, 4),
        "probability": round(candidate.probability, 6),
        "decision": None,
        "entities": None,
    }


def format_candidates(file: LabelledFile, candidates: Sequence[Candidate]) -> str:
    """Return a table with a row for each candidate, the most surely wrong first."""
    rows = [["place", "score", "probability", "error", "words", "label", "suggestion"]]
    for candidate in candidates:
        words = file.sentences.tokens[candidate.row]
        rows.append(
            [
                f"{file.source}:{file.sentences.find_line(candidate.row, candidate.start)}",
                f"{candidate.score:.2f}",
                f"{candidate.probability:.3f}",
                candidate.kind,
                " ".join(words[candidate.start : candidate.end]),
                _name_entities(candidate.labelled, words),
                _name_entities(candidate.suggested, words),
            ]
        )
    return format_table(rows, left=(0, 3, 4, 5, 6))


def _name_entities(entities: Sequence[Entity], words: Sequence[str]) -> str:
    named = [f"{entity.type} ({' '.join(words[entity.start : entity.end])})" for entity in entities]
    return ", ".join(named) or NOTHING
