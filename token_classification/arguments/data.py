"""Which data a run reads.

Names, meanings and defaults are those of the upstream token-classification script; what this project adds stands last.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from token_classification.arguments.values import find_wrong_values
from token_classification.errors import UserError


@dataclass
class DataArguments:
    """Which data to train on, evaluate and tag."""

    task_name: str = field(
        default="ner", metadata={"help": "The task: ner, pos, chunk ...; the tag column is `{task_name}_tags`."}
    )
    dataset_name: str | None = field(
        default=None, metadata={"help": "Name of a data set on the Hub, or a local data set folder."}
    )
    dataset_config_name: str | None = field(
        default=None, metadata={"help": "Configuration of the data set (for sets that have several)."}
    )
    train_file: str | None = field(
        default=None, metadata={"help": "Training data: CoNLL, CoNLL-U, JSON, JSON lines, CSV or Parquet."}
    )
    validation_file: str | None = field(default=None, metadata={"help": "Data to evaluate on (--do_eval)."})
    test_file: str | None = field(default=None, metadata={"help": "Data to tag (--do_predict); it may have no tags."})
    text_column_name: str | None = field(
        default=None, metadata={"help": "Column of the words; a number (0-based or negative) for CoNLL files."}
    )
    label_column_name: str | None = field(
        default=None, metadata={"help": "Column of the tags; a number (0-based or negative) for CoNLL files."}
    )
    overwrite_cache: bool = field(
        default=False,
        metadata={"help": "Kept for old scripts: alignment is done afresh in each run, nothing is cached."},
    )
    preprocessing_num_workers: int | None = field(
        default=None,
        metadata={"help": "Kept for old scripts: the tokenizer uses all cores by itself."},
    )
    max_train_samples: int | None = field(default=None, metadata={"help": "Use only the first N training sentences."})
    max_eval_samples: int | None = field(default=None, metadata={"help": "Use only the first N validation sentences."})
    max_predict_samples: int | None = field(default=None, metadata={"help": "Use only the first N test sentences."})
    labels: str | None = field(
        default=None, metadata={"help": "File with the label names, one per line (labels.txt); their order is kept."}
    )
    data_dir: str | None = field(
        default=None, metadata={"help": "Folder with train.txt, dev.txt and test.txt (those that there are)."}
    )
    task_type: Literal["NER", "Chunk", "POS"] | None = field(
        default=None,
        metadata={
            "help": "The old script's name for the task: NER (tag in the last column), Chunk (in the last but one) or "
            "POS (CoNLL-U)."
        },
    )
    validation_split: float | None = field(
        default=None,
        metadata={"help": "Without validation data: hold out this share of the training sentences, e.g. 0.1."},
    )
    check_only: bool = field(
        default=False,
        metadata={
            "help": "Say what is wrong with the data, with file and line, and end. Exit code 0: nothing, 1: warnings, "
            "2: errors."
        },
    )

    def __post_init__(self):
        self.task_name = self.task_name.lower()
        problems = []
        if self.task_type:
            self.task_name = self.task_type.lower()
        if self.task_type == "Chunk" and self.label_column_name is None:
            self.label_column_name = "-2"
        if self.data_dir:
            problems += self._find_files()
        if not (self.dataset_name or self.train_file or self.validation_file or self.test_file):
            problems.append(
                "No data: give --dataset_name NAME, or --train_file, --validation_file and --test_file "
                "(those that the run needs), or --data_dir FOLDER."
            )
        if self.dataset_name and (self.train_file or self.validation_file or self.test_file):
            problems.append("Both --dataset_name and data files are given: please give only one of them.")
        problems += find_wrong_values(self)
        if problems:
            raise UserError("\n".join(problems))

    def _find_files(self) -> list[str]:
        """Take the files of an old-style data folder where none are named; says what is wrong with the folder."""
        folder = Path(self.data_dir)
        found = [name for name in ("train", "dev", "test") if (folder / f"{name}.txt").is_file()]
        if not found:
            return [
                f"--data_dir {folder}: accepted is a folder with train.txt, dev.txt and test.txt, or some of them."
            ]
        for name, argument in (("train", "train_file"), ("dev", "validation_file"), ("test", "test_file")):
            if name in found and getattr(self, argument) is None:
                setattr(self, argument, str(folder / f"{name}.txt"))
        return []
