"""The files of a folder of results: how answers are added to them, and what is made of them at the end.

`infer` writes records with their entities, or what an annotation tool imports. A station further down the road hands
`tag_file` a writer of its own.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from token_classification.data.formats.span_files import SPAN_WRITERS
from token_classification.data.levels import LabelLevels, Labels
from token_classification.inference.answers import Answer, encode_answers
from token_classification.inference.entities import list_entity_labels
from token_classification.inference.predictor import Predictor
from token_classification.inference.progress import PARTIAL, Progress
from token_classification.inference.records import BadRecord
from token_classification.inference.tool_documents import name_tool_file, refuse_labels, write_tool_file

logger = logging.getLogger(__name__)

ERRORS_NAME = "predictions.errors.jsonl"


@dataclass(frozen=True)
class Encoded:
    """Some answers as what is to be added to files."""

    contents: Mapping[str, bytes]
    """File -> its new bytes"""
    written: Sequence[Answer]
    unwritable: Sequence[BadRecord]
    """The records that can't be written"""
    tallies: Mapping[str, int] = field(default_factory=dict)
    """What `Progress.tallies` counts"""


class AnswerWriter(Protocol):
    """Writes answers to the files of a folder."""

    @property
    def output_name(self) -> str:
        """The file that holds the results at the end."""

    @property
    def kept_names(self) -> Sequence[str]:
        """All files that stay at the end, beside that of the errors."""

    @property
    def appended_names(self) -> Sequence[str]:
        """The files that are appended to, chunk by chunk."""

    @property
    def errors_name(self) -> str:
        """The file of the records that could not be tagged or written."""

    def describe(self) -> dict[str, str]:
        """Describe everything that the files depend on beside the input and the model, as text."""

    def prepare(self, predictor: Predictor, folder: Path, progress: Progress) -> None:
        """Get ready for the answers that follow what the progress counts.

        Raises:
            UserError: the labels of the model do not fit, or what is there can't be continued.
        """

    def encode(self, answers: Sequence[Answer], sizes: Mapping[str, int]) -> Encoded:
        """Encode some answers; `sizes` are those of the files so far."""

    def encode_error(self, record: BadRecord) -> bytes:
        """Encode a line about a record that could not be tagged or written."""

    def finish(self, folder: Path, progress: Progress, labels: Labels) -> None:
        """Complete the files, once all answers are there; a killed run may do so twice."""


@dataclass(frozen=True)
class PredictionFiles:
    """Records with their entities in one of `OUTPUT_FORMATS`, or documents for an annotation tool (`SPAN_WRITERS`)."""

    output_format: str
    model_version: str
    """What the file of a tool calls the model"""
    errors_name: str = ERRORS_NAME

    @property
    def is_for_tool(self) -> bool:
        """Whether documents of an annotation tool are written."""
        return self.output_format in SPAN_WRITERS

    @property
    def output_name(self) -> str:
        """The file that holds the results at the end."""
        return name_tool_file(self.output_format) if self.is_for_tool else f"predictions.{self.output_format}"

    @property
    def kept_names(self) -> Sequence[str]:
        """The only file that stays."""
        return (self.output_name,)

    @property
    def appended_names(self) -> Sequence[str]:
        """The file that results are appended to.

        Parquet has its index at the end, and tools' files are whole ones, so they are made from JSON lines.
        """
        if self.is_for_tool:
            return ("predictions.documents.jsonl",)
        return ("predictions.jsonl" if self.output_format == "parquet" else self.output_name,)

    def describe(self) -> dict[str, str]:
        """Describe what the file depends on."""
        return {"output_format": self.output_format}

    def prepare(self, predictor: Predictor, folder: Path, progress: Progress) -> None:
        """Refuse labels that a tool's file can't hold."""
        if self.is_for_tool:
            refuse_labels(list_entity_labels(predictor.engine.label_set), self.output_format)

    def encode(self, answers: Sequence[Answer], sizes: Mapping[str, int]) -> Encoded:
        """Encode some answers in the format."""
        content, written, unwritable = encode_answers(answers, self.output_format)
        return Encoded({self.appended_names[0]: content}, written, unwritable)

    def encode_error(self, record: BadRecord) -> bytes:
        """Encode where a bad record is, why it is one, and how it begins."""
        return json.dumps(asdict(record)).encode() + b"\n"

    def finish(self, folder: Path, progress: Progress, labels: Labels) -> None:
        """Make what is no lines of JSON from those that have been written."""
        source = folder / f"{self.appended_names[0]}{PARTIAL}"
        if self.output_format == "parquet":
            from token_classification.inference.parquet_output import ENTITIES, NESTED_ENTITIES, convert_to_parquet

            entities = NESTED_ENTITIES if isinstance(labels, LabelLevels) else ENTITIES
            convert_to_parquet(source, folder / self.output_name, entities)
        elif self.is_for_tool:
            target = folder / f"{self.output_name}{PARTIAL}"
            for note in write_tool_file(source, target, self.output_format, self.model_version):
                logger.warning("%s", note)
