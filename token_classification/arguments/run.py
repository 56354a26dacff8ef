"""All settings of a run together, as they travel through the stations."""

import sys
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import DecodingArguments
from token_classification.arguments.distillation import DistillationArguments
from token_classification.arguments.export import ExportArguments
from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.report import ReportArguments
from token_classification.arguments.seeds import SeedsArguments
from token_classification.arguments.training import NerTrainingArguments


@dataclass(frozen=True)
class RunArguments:
    """The settings of a run, cut by purpose; every flag belongs to one of them."""

    model: ModelArguments
    data: DataArguments
    training: NerTrainingArguments
    decoding: DecodingArguments = field(default_factory=DecodingArguments)
    report: ReportArguments = field(default_factory=ReportArguments)
    export: ExportArguments = field(default_factory=ExportArguments)
    learning: LearningArguments = field(default_factory=LearningArguments)
    distillation: DistillationArguments = field(default_factory=DistillationArguments)
    seeds: SeedsArguments = field(default_factory=SeedsArguments)
    command_line: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv))
    """What was typed, for the record of the run"""

    @property
    def common_folder(self) -> Path:
        """Where a training keeps what it has in common with those of other seeds: the folder of the whole run."""
        folder = self.training.folder
        return folder if self.seeds.seeds is None else folder.parent


PARTS: dict[str, Any] = {name: part for name, part in get_type_hints(RunArguments).items() if is_dataclass(part)}
"""Attribute -> its dataclass, whose fields are flags"""
